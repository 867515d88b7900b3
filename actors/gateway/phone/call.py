"""One call, from the first message of its provider to the end of its line."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable
from enum import Enum, auto
from typing import Protocol

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError, RefusedError
from actors.gateway.events import AnswerInterrupted, Event, Message
from actors.gateway.phone.call_effects import CallEffects
from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.dialect import (
    CallStarted,
    FlowChanged,
    HangUp,
    KeyPressed,
    LineEnded,
    LineEvent,
    LineProblem,
    MarkReached,
    PhoneDialect,
    SoundHeard,
)
from actors.gateway.phone.functions import declarations
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.manner import call_labels, line_labels, manner_of, prompt_told
from actors.gateway.phone.options import LineEcho
from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.gateway.phone.sound_in import SoundIn
from actors.gateway.phone.switchboard import Switchboard
from actors.lib.audio.pcm import Samples
from pipeline.frames import SessionEnd, SessionEnded
from pipeline.logs import lines_about

PROBLEMS_LOGGED = 10
"""Of one call, each once: enough to see what it is; all are counted."""


class PhoneCallState(Enum):
    """Where a call is."""

    RINGING = auto()
    """The socket is open, and nothing is known of the call."""
    OPENING = auto()
    """It is being found out whether and as what it is served."""
    TALKING = auto()
    PARTING = auto()
    """Its session is over; what is said last is heard."""
    OVER = auto()


class Wire(Protocol):
    """The connection of a provider."""

    joined: bool
    """A session is held over it, or was; without one it is closed soon."""

    def send(self, message: Message) -> None:
        """Send a message."""

    def close(self, farewell: str) -> None:
        """End the connection once what waits is sent."""


class PhoneCall:
    """Takes what a provider says of one call, and tells it what its caller is to hear.

    Args:
        dialect: How the provider says it; made for this call.
        knock: How its socket came in.
        board: What all calls have in common.
        wire: The connection.
    """

    def __init__(self, dialect: PhoneDialect, knock: Knock, board: Switchboard, wire: Wire) -> None:
        self._dialect = dialect
        self._knock = knock
        self._board = board
        self._wire = wire
        self.state = PhoneCallState.RINGING
        self.labels = line_labels(knock)
        """What log lines say of it."""
        self._problems: set[str] = set()
        self._began_s = time.monotonic()
        self._call_id = ""
        self._session = ""
        self._caller: Caller | None = None
        self._context = CallContext()
        self._line: PhoneLine | None = None
        self._sound_in: SoundIn | None = None
        self._effects: CallEffects | None = None
        self._ended: SessionEnded | None = None
        self._parting: asyncio.Task[None] | None = None

    @property
    def joined(self) -> bool:
        """Whether a session is held over it, or was."""
        return self._wire.joined

    @joined.setter
    def joined(self, joined: bool) -> None:
        self._wire.joined = joined

    def on_message(self, message: Message) -> MessageKind | Awaitable[MessageKind]:
        """Take a message of the provider; return of which kind it was, if need be later."""
        with lines_about(self.labels):
            events = self._dialect.take(message)
            for at, event in enumerate(events):
                if isinstance(event, CallStarted) and self.state is PhoneCallState.RINGING:
                    return self._begin(event, events[at + 1 :])
                self._on_event(event)
        sounds = any(isinstance(event, SoundHeard) for event in events)
        return MessageKind.SOUND if sounds else MessageKind.OTHER

    async def closed(self) -> None:
        """The connection is gone: whoever called has hung up, or was let go."""
        with lines_about(self.labels):
            if self._parting is not None:
                self._parting.cancel()
            if self.state is not PhoneCallState.PARTING:
                self._hung_up("the line was closed")
            if self._sound_in is not None:
                self._sound_in.close()
            if self._effects is not None:
                self._effects.close()
            self.state = PhoneCallState.OVER
            self._board.lines.forget(self._session)
            name = (self._knock.provider, self._call_id)
            # Of two sockets with one call the later one is it.
            if self._board.lines.enders.get(name) == self.ended_by:
                del self._board.lines.enders[name]
            lasted_s = round(time.monotonic() - self._began_s, 1)
            self._board.log.info("a call is over", lasted_s=lasted_s)

    def ended_by(self, reason: str) -> None:
        """The provider said, beside the socket, that the call is over: its socket may be half open,
        and would be so for minutes."""
        with lines_about(self.labels):
            self._hung_up(reason or "the provider ended the call")
            self._wire.close("")

    def tell(self, event: Event) -> None:
        """Take what its caller's client is told."""
        match event:
            case AnswerInterrupted():
                if self._line is not None:
                    self._line.clear(time.monotonic_ns())
            case SessionEnded():
                self._ended = event
            case _:
                if self._effects is not None:
                    self._effects.tell(event)

    def close(self, farewell: str) -> None:
        """Its session is over: end the call once what is said last was heard."""
        if self.state in (PhoneCallState.PARTING, PhoneCallState.OVER):
            return
        self.state = PhoneCallState.PARTING
        if self._effects is not None:
            self._effects.close()
        with lines_about(self.labels):
            self._parting = asyncio.create_task(self._part(farewell))

    async def _begin(self, started: CallStarted, rest: list[LineEvent]) -> MessageKind:
        with lines_about(self.labels):
            self.state = PhoneCallState.OPENING
            self._call_id = started.call_id
            self.labels = line_labels(self._knock, started)
        with lines_about(self.labels):
            self._context = await self._board.admission.admit(self._knock, started)
            self.labels = call_labels(self._knock, started, self._context)
        with lines_about(self.labels):
            prompt = prompt_told(self._context.instruction)
            self._board.log.info("a call begins", address=self._knock.address, prompt=prompt)
            if self._call_id:
                self._board.lines.enders[self._knock.provider, self._call_id] = self.ended_by
            await self._open(started)
            for event in rest:
                self._on_event(event)
        return MessageKind.OTHER

    async def _open(self, started: CallStarted) -> None:
        board = self._board
        options = board.options.phone
        echo = EchoSuppressor() if options.echo is LineEcho.SUPPRESS else None
        traits, counters = self._dialect.traits, board.counters
        self._sound_in = SoundIn(started, traits, self._hear, counters, echo)
        self._line = PhoneLine(self._dialect, started, self._wire.send, options, counters, echo)
        self._session = uuid.uuid4().hex
        board.lines.lines[self._session] = self._line
        can_transfer = board.control.transfers(self._knock.provider)
        functions = declarations(self._context.transfers if can_transfer else {})
        manner = manner_of(self._session, self._context, functions, self.labels, board.options)
        try:
            caller = await board.callers.open(manner)
        except RefusedError:
            await self._leave(self._context.on_failure.transfer_to)
            raise
        caller.address = self._knock.address
        self._caller = caller
        self._effects = CallEffects(
            board, self._knock.provider, self._call_id, self._context, self._line, caller
        )
        self.state = PhoneCallState.TALKING
        board.callers.connect(caller, self)

    def _on_event(self, event: LineEvent) -> None:
        match event:
            case LineProblem():
                self._board.counters["phone_problems"] += 1
                # What is wrong with one message is often wrong with all, 50 in a second.
                if event.text not in self._problems and len(self._problems) < PROBLEMS_LOGGED:
                    self._problems.add(event.text)
                    self._board.log.warning("a telephone line", problem=event.text)
            case LineEnded():
                self._hung_up(event.reason or "the caller hung up")
                self._wire.close("")
            case _:
                if self._caller is not None:
                    with self._board.work_of(self._session):
                        self._on_line(event)

    def _on_line(self, event: LineEvent) -> None:
        assert self._line is not None
        assert self._sound_in is not None
        assert self._effects is not None
        match event:
            case SoundHeard():
                self._sound_in.take(event)
            case MarkReached():
                self._line.reach(event, time.monotonic_ns())
            case FlowChanged():
                self._line.pause(event.paused)
            case KeyPressed():
                self._effects.key(event.key)

    def _hear(self, samples: Samples) -> None:
        """What comes may be late: who is being let go is not heard any more."""
        if self.state is PhoneCallState.TALKING and self._caller is not None:
            with self._board.work_of(self._session):
                self._caller.ear.hear(samples)

    def _hung_up(self, detail: str) -> None:
        """Its session ends at once; that it is asked for twice is no fault."""
        if self.state in (PhoneCallState.OPENING, PhoneCallState.TALKING) and self._session:
            try:
                self._board.callers.end(self._session, SessionEnd.HUNG_UP, detail)
            except CallerError as error:
                self._board.log.debug("a session was over before its call", detail=str(error))
        self.state = PhoneCallState.OVER

    async def _part(self, farewell: str) -> None:
        """End the call from our side."""
        await self._board.until_heard(self._session)
        failed = self._ended is not None and self._ended.reason is SessionEnd.FAILED
        await self._leave(self._context.on_failure.transfer_to if failed else "")
        self._wire.close(farewell)

    async def _leave(self, number: str) -> None:
        """Hand the call on to a number if there is one; if not, end it."""
        control, provider = self._board.control, self._knock.provider
        failing = "the provider did not end the call"
        if number and control.transfers(provider):
            await self._board.ask(control.transfer(provider, self._call_id, number), failing)
        elif self._dialect.traits.hang_up is HangUp.REST and control.hangs_up(provider):
            await self._board.ask(control.hang_up(provider, self._call_id), failing)
        elif self._line is not None:
            self._line.hang_up()
