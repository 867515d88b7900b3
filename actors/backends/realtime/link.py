"""What a vendor brings: links, each one connection of one session, and the service behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

from actors.backends.fault_info import FaultInfo
from actors.backends.realtime.events import Event
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.tool_calls import ToolReply
from pipeline.errors import GreenroomError


class Activity(Enum):
    """What the user does with their voice."""

    STARTED = auto()
    ENDED = auto()
    PAUSED = auto()
    """The microphone says no more; for services that detect turns themselves."""


@dataclass(frozen=True)
class Seed:
    """How a connection begins.

    Attributes:
        local_turns: Turns are marked by this side.
        tools: As in `ToolOffer`.
        history: Role and text of what was said before; empty if a handle brings it back.
        handle: Resumes an earlier connection's session; it was issued for the same `peer`.
        left_out: Options that the service refused before.
    """

    local_turns: bool = True
    tools: tuple[dict[str, Any], ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    handle: str | None = None
    left_out: frozenset[str] = frozenset()


class LinkOverError(Exception):
    """A connection ended, was refused or could not be made."""

    def __init__(self, info: FaultInfo) -> None:
        super().__init__(str(info))
        self.info = info


class MannerError(GreenroomError):
    """A session asked for what the service has not; the message names what it has."""


OptionsT_contra = TypeVar("OptionsT_contra", bound=RealtimeOptions, contravariant=True)


class Link(Protocol[OptionsT_contra]):
    """One connection. What is sent goes out in the order of the calls, none of which blocks."""

    @property
    def peer(self) -> str:
        """What handles issued here are good for: server, model, account. Holds no secret."""

    async def connect(self, seed: Seed, manner: OptionsT_contra) -> None:
        """Connect and have the setup confirmed.

        Args:
            seed: How it begins.
            manner: The actor's options with what this session asked for laid over them.

        Raises:
            LinkOverError: it failed.
        """

    async def listen(self, on_event: Callable[[Event], None]) -> None:
        """Hand on what the service says, until `leave`.

        Raises:
            LinkOverError: the connection ended by itself, or `leave` was given a fault.
        """

    def send_audio(self, pcm: bytes, origin_ns: int) -> None:
        """Send PCM16 mono of 16 kHz, captured at `origin_ns` (its last sample, monotonic)."""

    def send_activity(self, activity: Activity) -> None:
        """Say that the user begins to speak, or has finished."""

    def send_image(self, jpeg: bytes) -> None:
        """Send a JPEG file; it takes the place of one that still waits."""

    def send_text(self, text: str) -> None:
        """Send a typed turn."""

    def send_tool_results(self, replies: Sequence[ToolReply]) -> None:
        """Answer tool calls."""

    def leave(self, info: FaultInfo | None = None) -> None:
        """End the connection: `listen` returns, or raises if there is a fault to complain of."""

    async def aclose(self) -> None:
        """Give everything back; called on every path out, also after a failed `connect`."""


class Service(Protocol[OptionsT_contra]):
    """A vendor's service, for all sessions of an actor."""

    def begin(self) -> None:
        """Do what the first connection needs and what needs nobody else; called once."""

    def limits(self, manner: OptionsT_contra, *, local_turns: bool) -> Limits:
        """Return what holds for the turns of a session."""

    async def link(self, manner: OptionsT_contra, session: str) -> Link[OptionsT_contra]:
        """Return a link that is not connected yet, once there is leave to connect it.

        Args:
            manner: Of the session.
            session: Its name; from now on it may have a place among those the service has.

        Raises:
            LinkOverError: there is no server, no key or no such model.
            MannerError: it is this session that asked for such a model.
        """

    def ready_in_s(self, manner: OptionsT_contra, session: str) -> float | None:
        """Return the time until a session may be connected; None: never."""

    async def rest(self, session: str, wait_s: float) -> None:
        """Return after a while, or as soon as there is a place for a session."""

    def ended(self, session: str) -> None:
        """A session wants no more connections: its place is free."""

    async def close(self) -> None:
        """Give everything back."""
