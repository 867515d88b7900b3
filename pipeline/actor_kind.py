"""What an actor's class says of its actors before there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from pipeline.ports import In, Out
from pipeline.priority import Priority


class Options(BaseModel):
    """Base of an actor's options; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def at_pace(self, slowness: float) -> Self:
        """Return the options with deadlines that can be kept where models are so slow.

        Only deadlines of what this machine computes itself grow. The network is no slower because
        of it: who waits for a server elsewhere goes on to the next backend as soon as ever.

        Args:
            slowness: How many times longer than usual the models take on this machine.
        """
        return self


class ActorKind:
    """Base of `Actor`: what configs are checked by, and what processes are prepared by."""

    options_type: ClassVar[type[Options]] = Options
    inputs: ClassVar[Mapping[str, In]] = {}
    outputs: ClassVar[Mapping[str, Out]] = {}
    preload: ClassVar[tuple[str, ...]] = ()
    """Modules worth importing before the process is forked, so that a restart is quick; they must
    start no thread and open no device when imported."""
    is_source: ClassVar[bool] = False
    """Its `run` may end by itself; the pipeline ends when all its sources have."""
    send_high_water: ClassVar[int] = 4000
    """Frames kept for a consumer that does not keep up: 80 s of audio, 3 MB."""
    priority: ClassVar[Priority] = Priority.NORMAL
    """Of its process, as far as that is permitted, where the config says nothing."""
    open_sessions_only: ClassVar[bool] = True
    """Handlers see frames of open sessions only. Who counts or records is shown all: also the last
    word on a session that is over already."""

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for what would fail at the start, such as a missing file, before anything runs.

        Args:
            options: An instance of `options_type`.
            config_dir: Folder of the config file.

        Raises:
            ConfigError, DeviceError: what is wrong, with the nearest valid name.
        """

    @classmethod
    def reports_callers(cls, options: Any) -> bool:
        """Whether what it reports as heard is of every session, or of the config's own only.

        Asked of actors that publish `Playback`. Args as of `check`.
        """
        return True

    @classmethod
    def listens_on(cls, options: Any) -> Sequence[tuple[str, int]]:
        """Hosts and ports on which strangers call; asked before the first process is started.

        The sockets are the supervisor's, and come in `surroundings.listening`: who calls while the
        actor is being restarted waits, and is served by the next process. Args as of `check`.
        """
        return ()
