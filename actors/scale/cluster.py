"""A cluster of Ray: reached, or started for this command alone; with errors in words."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from actors.lib.owned_folder import OwnedFolder
from actors.scale.identity import AUTH_MODE
from actors.scale.place import RayPlace
from pipeline.errors import GreenroomError
from pipeline.logs import get_logger

if TYPE_CHECKING:
    from types import ModuleType

REACH_S = 5.0
"""To reach the head node: Ray itself tries for minutes, and says little."""
STORE_BYTES = 256 * 2**20
"""For recordings that wait, on this machine alone: each hour of 16 kHz sound takes 110 MB."""
FOLDER = "grr-"
"""Prefix of the folder of a Ray that was started for one command."""
ENVIRONMENT = {
    # Ray reports its usage to its makers otherwise.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Otherwise its workers' lines come between ours.
    "RAY_LOG_TO_DRIVER": "0",
}
"""Set before Ray is imported, which reads it then."""


def require_ray(extra: str) -> None:
    """Make sure that Ray is installed, and set what it reads when it is imported.

    Args:
        extra: What to install it with.

    Raises:
        GreenroomError: it is not.
    """
    if find_spec("ray") is None:
        raise GreenroomError(f"no Ray: pip install 'greenroom[{extra}]', here and on all nodes")
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault(AUTH_MODE, "token")


@contextlib.contextmanager
def connected(place: RayPlace, slots: dict[str, float]) -> Iterator[ModuleType]:
    """Yield the module `ray`, connected, after `require_ray`; let go of the cluster at the end.

    Args:
        place: Which.
        slots: Resources of this machine, if it is started here: how many of each.

    Raises:
        GreenroomError: it cannot be reached or started.
    """
    with contextlib.ExitStack() as stack:
        if place.address is None:
            arguments = _own_cluster(stack, slots)
        else:
            _require_head(place)
            arguments = {"address": place.address}
        import ray
        from ray.exceptions import RayError

        # Also after one that was interrupted: its processes are there before it returns.
        stack.callback(ray.shutdown)
        try:
            ray.init(**arguments, logging_level="ERROR", log_to_driver=False)
        except (RayError, RuntimeError, ConnectionError, ValueError, TimeoutError) as error:
            get_logger("scale").debug("Ray does not start", because=str(error))
            raise GreenroomError(_in_words(place, error)) from error
        yield ray


def _own_cluster(stack: contextlib.ExitStack, slots: dict[str, float]) -> dict[str, Any]:
    folder = stack.enter_context(OwnedFolder(FOLDER)).path
    # One that nobody else knows, and that is in no file of the user's home.
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    stack.callback(os.environ.pop, "RAY_AUTH_TOKEN", None)
    return {
        "address": "local",
        "resources": slots,
        "include_dashboard": False,
        "object_store_memory": STORE_BYTES,
        "_temp_dir": str(folder),
    }


def _require_head(place: RayPlace) -> None:
    if place.head is None:
        return
    host, port = place.head
    try:
        socket.create_connection((host, port), REACH_S).close()
    except OSError as error:
        raise GreenroomError(
            f"no cluster at {place.address} ({error.strerror or error}): start its head with "
            f"ray start --head --port={port}, or open the port"
        ) from error


def _in_words(place: RayPlace, error: Exception) -> str:
    said = " ".join(str(error).split())
    if "Authentication" in type(error).__name__ or "authentication token" in said.lower():
        return (
            "the cluster asks for its token: copy ~/.ray/auth_token of its head node here, or name "
            "the file in RAY_AUTH_TOKEN_PATH"
        )
    if "Version mismatch" in said or "version mismatch" in said:
        return f"the cluster has another Ray or Python: use the same on all nodes ({said})"
    if place.address is None:
        return f"Ray does not start on this machine: {said}"
    return (
        f"this machine is no node of the cluster {place.address}: start it here with ray start "
        f"--address=HOST:PORT, with --num-cpus=0 if it shall only watch ({said})"
    )
