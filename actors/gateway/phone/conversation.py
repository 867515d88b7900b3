"""What is said over one line, both ways, from its first to its last block."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from functools import partial

from actors.gateway.caller import Caller
from actors.gateway.ear import CallerEar
from actors.gateway.events import AnswerInterrupted, Event
from actors.gateway.phone.call_effects import CallEffects
from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.dialect import (
    CallStarted,
    FlowChanged,
    KeyPressed,
    LineEvent,
    MarkReached,
    PhoneDialect,
    SoundHeard,
)
from actors.gateway.phone.functions import declarations
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.manner import manner_of
from actors.gateway.phone.options import LineEcho
from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.gateway.phone.sound_in import SoundIn
from actors.gateway.phone.switchboard import Switchboard
from actors.gateway.phone.wire import Wire
from actors.lib.audio.pcm import Samples


class PhoneConversation:
    """Serves a call that was let in, as a session.

    Args:
        board: What all calls have in common.
        knock: How its socket came in.
        dialect: How its provider says things.
        started: What the provider said of the line.
        context: What is known of the call.
        wire: The connection.

    Raises:
        UnreadableSoundError: there are no lines of such a rate.
    """

    def __init__(
        self,
        board: Switchboard,
        knock: Knock,
        dialect: PhoneDialect,
        started: CallStarted,
        context: CallContext,
        wire: Wire,
    ) -> None:
        self._board = board
        self._knock = knock
        self._call_id = started.call_id
        self._context = context
        self.session = uuid.uuid4().hex
        options, counters = board.options.phone, board.counters
        echo = EchoSuppressor() if options.echo is LineEcho.SUPPRESS else None
        work = partial(board.work_of, self.session)
        self._sound_in = SoundIn(started, dialect.traits, self._hear, work, counters, echo)
        self.line = PhoneLine(dialect, started, wire.send, options, counters, echo)
        self._ear: CallerEar | None = None
        """None: who is on the line is not heard yet, or not any more."""
        self._effects: CallEffects | None = None

    async def open(self, labels: Mapping[str, str]) -> Caller:
        """Open its session.

        Raises:
            RefusedError: it cannot be opened, and why.
        """
        board, context, provider = self._board, self._context, self._knock.provider
        board.lines.lines[self.session] = self.line
        functions = declarations(context.transfers if board.control.transfers(provider) else {})
        manner = manner_of(self.session, context, functions, dict(labels), board.options)
        caller = await board.callers.entrance.open(manner)
        caller.address = self._knock.address
        self._ear = caller.ear
        self._effects = CallEffects(board, provider, self._call_id, context, self.line, caller)
        return caller

    def on_line(self, event: LineEvent) -> None:
        """Take what happens on the line; nothing of it counts before its session is open."""
        if self._effects is None:
            return
        with self._board.work_of(self.session):
            match event:
                case SoundHeard():
                    self._sound_in.take(event)
                case MarkReached():
                    self.line.reach(event, time.monotonic_ns())
                case FlowChanged():
                    self.line.pause(event.paused)
                case KeyPressed():
                    self._effects.key(event.key)

    def tell(self, event: Event) -> None:
        """Take what its caller's client is told."""
        if isinstance(event, AnswerInterrupted):
            self.line.clear(time.monotonic_ns())
        elif self._effects is not None:
            self._effects.tell(event)

    def part(self) -> None:
        """Its session is over: who is on the line is not heard any more, and hears what is left."""
        self._ear = None
        if self._effects is not None:
            self._effects.close()

    def close(self) -> None:
        """The line is gone."""
        self.part()
        self._sound_in.close()
        self._board.lines.forget(self.session)

    def _hear(self, samples: Samples) -> None:
        if self._ear is not None:
            self._ear.hear(samples)
