"""One call, from the first message of its provider to the end of its line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from enum import Enum, auto

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.errors import CallerError, RefusedError
from actors.gateway.events import Event, Message
from actors.gateway.link import NORMAL
from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.conversation import PhoneConversation
from actors.gateway.phone.dialect import (
    CallStarted,
    HangUp,
    LineEnded,
    LineEvent,
    LineProblem,
    PhoneDialect,
    SoundHeard,
)
from actors.gateway.phone.manner import call_labels, line_labels, prompt_told
from actors.gateway.phone.switchboard import Switchboard
from actors.gateway.phone.wire import Wire
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
        self._context = CallContext()
        self._conversation: PhoneConversation | None = None
        """None: it is not known yet what the call is, or it was not let in."""
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
        events = self._dialect.take(message)
        if len(events) == 1 and isinstance(events[0], SoundHeard):
            # Nearly all: fifty in a second, of which the conversation says itself whose they are.
            if self._conversation is not None:
                self._conversation.on_line(events[0])
            return MessageKind.SOUND
        with lines_about(self.labels):
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
            if self._conversation is not None:
                self._conversation.close()
            self.state = PhoneCallState.OVER
            self._board.admission.closed(self._knock, self._call_id)
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
        if isinstance(event, SessionEnded):
            self._ended = event
        elif self._conversation is not None:
            self._conversation.tell(event)

    def close(self, farewell: str, _code: int = NORMAL) -> None:
        """Its session is over: end the call once what is said last was heard."""
        if self.state in (PhoneCallState.PARTING, PhoneCallState.OVER):
            return
        self.state = PhoneCallState.PARTING
        if self._conversation is not None:
            self._conversation.part()
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
        conversation = self._conversation = PhoneConversation(
            self._board, self._knock, self._dialect, started, self._context, self._wire
        )
        try:
            caller = await conversation.open(self.labels)
        except RefusedError:
            await self._leave(self._context.on_failure.transfer_to)
            raise
        self.state = PhoneCallState.TALKING
        self._board.callers.connect(caller, self)

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
                if self._conversation is not None:
                    self._conversation.on_line(event)

    def _hung_up(self, detail: str) -> None:
        """Its session ends at once; that it is asked for twice is no fault."""
        holds = self.state in (PhoneCallState.OPENING, PhoneCallState.TALKING)
        if holds and self._conversation is not None:
            try:
                session = self._conversation.session
                self._board.callers.end(session, SessionEnd.HUNG_UP, detail)
            except CallerError as error:
                self._board.log.debug("a session was over before its call", detail=str(error))
        self.state = PhoneCallState.OVER

    async def _part(self, farewell: str) -> None:
        """End the call from our side."""
        if self._conversation is not None:
            await self._board.until_heard(self._conversation.session)
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
        elif self._conversation is not None:
            self._conversation.line.hang_up()
