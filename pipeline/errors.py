"""What can go wrong, as a small tree; every message tells the user what to do."""

from __future__ import annotations

import errno
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class GreenroomError(Exception):
    """Root of every error that greenroom raises on purpose."""


class ConfigError(GreenroomError):
    """The config cannot work: names the file, the path in it and the nearest valid name."""


class WireError(GreenroomError):
    """Bytes from a socket that are not a frame of this schema version."""


class UnsendableError(WireError):
    """A frame holds what cannot be sent, as a rule because of a value that came from outside."""


class UnusableFrameError(GreenroomError):
    """A frame is whole and cannot be used as it is, such as sound at another rate.

    Of a caller's session it ends that session; of the config's own it is dropped and counted.
    """


class EndpointBusyError(GreenroomError):
    """Another process already publishes on this endpoint."""


class DeviceError(GreenroomError):
    """A microphone, speaker, camera or media file cannot be opened or read."""


class CredentialError(GreenroomError):
    """No usable API key."""


class NoKeyError(CredentialError):
    """Nobody has set an API key."""


class ModelError(GreenroomError):
    """The model does not exist or cannot do what is asked of it."""


_OF_THE_MACHINE = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    }
)
"""What the operator can mend: room, limits, permissions."""
NO_THREAD = (
    "no thread can be started: raise the limit (`ulimit -u` or `-v`, in systemd TasksMax), or end "
    "others"
)


def is_out_of_threads(error: BaseException) -> bool:
    """Return whether the system gave Python no further thread."""
    return isinstance(error, RuntimeError) and str(error) == "can't start new thread"


def machine_problem(error: BaseException) -> str | None:
    """Return in words what the machine refused; None if it is something else that went wrong."""
    if is_out_of_threads(error):
        return NO_THREAD
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        where = "" if error.filename is None else f"{error.filename}: "
        return f"{where}{error.strerror}"
    return None


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return a sentence naming the nearest valid names, or all of them when none is near."""
    names = sorted(set(valid))
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(n) for n in near)}?"
    return f"valid: {', '.join(names)}" if names else "there are none to choose from"
