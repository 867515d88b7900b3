"""One caller: heard, seen, typed to, played to, asked for a function, told, let go."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from actors.gateway.counted_sound import CountedSound
from actors.gateway.ear import CallerEar
from actors.gateway.events import (
    AnswerInterrupted,
    AnswerSound,
    Event,
    GoingAway,
    Speaking,
)
from actors.gateway.heard_sound import HeardSound
from actors.gateway.link import NORMAL, CallerLink
from actors.lib.audio.pcm import Samples, to_pcm
from actors.outputs.output import AnswerPosition
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    Frame,
    Image,
    Playback,
    PlaybackState,
    Route,
    SessionOpened,
    ToolCall,
    ToolCancel,
    ToolResult,
    ToolStatus,
    TurnClosed,
    UserText,
)

MOST_KEPT = 500
"""Events kept for a caller who is away: the words of some ten turns."""

Publish = Callable[[str, Frame], None]


class CallerState(Enum):
    """Where a caller is."""

    OPENING = auto()
    """Its session was asked for."""
    PRESENT = auto()
    AWAY = auto()
    """Its connection broke, or none has been made yet."""
    GONE = auto()


class Caller:
    """A conversation with somebody who is not in the room.

    Args:
        manner: As which its session was, or is to be, opened.
        ear: Where its sound goes.
        publish: Sends a frame on a port of the gateway.
        interrupt: Ends the answer that is heard.
    """

    def __init__(
        self,
        manner: SessionOpened,
        ear: CallerEar,
        publish: Publish,
        interrupt: Callable[[], None],
    ) -> None:
        self.manner = manner
        self.session = manner.session
        self.ear = ear
        self.state = CallerState.OPENING
        self.turns = 0
        """That were closed."""
        self.owner = ""
        """The backend that answers."""
        self.speaking = False
        self.address = ""
        """From where it came last, as far as it is known."""
        self._heard = HeardSound()
        self._epoch = 0
        self._hears: tuple[str, int] | None = None
        """The answer whose sound it was sent last: turn and epoch."""
        self._broken_off: tuple[str, int] | None = None
        self._open_turns: set[str] = set()
        self.sound = CountedSound(ear)
        self.is_leaving = False
        """Its client is to go to another room."""
        self._publish = publish
        self.interrupt = interrupt
        """Ends the answer that is heard: the client says that the caller begins to speak."""
        self.over = asyncio.Event()
        """The session has ended, and the caller was told."""
        self._link: CallerLink | None = None
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self._calls: dict[str, ToolCall] = {}

    @property
    def is_there(self) -> bool:
        """Whether it is connected."""
        return self.state is CallerState.PRESENT

    @property
    def is_busy(self) -> bool:
        """Whether a turn is under way."""
        return bool(self._open_turns)

    @property
    def age_s(self) -> float:
        """How long its session has been open."""
        return self.manner.age_s

    @property
    def left_s(self) -> float | None:
        """How long its session may still last; None: for ever."""
        lasts_s = self.manner.lasts_s
        return None if lasts_s is None else max(0.0, lasts_s - self.age_s)

    @property
    def functions(self) -> set[str]:
        """Names of the functions that its client answers."""
        return {str(each["name"]) for each in self.manner.functions}

    def called(self, call_id: str, name: str) -> str:
        """Return the id of a function call that is waited for, by its id or else by its name."""
        if call_id in self._calls:
            return call_id
        return next((each.call_id for each in self._calls.values() if each.name == name), "")

    def connect(self, link: CallerLink) -> None:
        """Take a connection; one that it had before is closed."""
        if self._link is not None:
            self._link.close("the conversation goes on over another connection")
        self._link = link
        self._heard.connected()
        link.joined = True
        self.state = CallerState.PRESENT
        kept, self._kept = self._kept, deque(maxlen=MOST_KEPT)
        for event in kept:
            link.tell(event)

    def disconnect(self, link: CallerLink) -> bool:
        """Note that a connection is gone; return whether the caller is away now."""
        if self._link is not link:
            return False
        self._link = None
        if self.state is CallerState.PRESENT:
            self.state = CallerState.AWAY
        self.ear.end_file()
        return self.state is CallerState.AWAY

    def leave(self, farewell: str, code: int = NORMAL) -> None:
        """Let go of it; a connection is closed once it was told.

        Args:
            farewell: Why, in words.
            code: The same for a WebSocket.
        """
        self.state = CallerState.GONE
        self.over.set()
        self.ear.end_file()
        if self._link is not None:
            self._link.close(farewell, code)
            self._link = None

    def tell_done(self) -> None:
        """Tell a client that counts what it need not send again."""
        done = self.sound.done
        if done is not None and self._link is not None:
            self._link.tell(done)

    def invite_away(self) -> None:
        """Have its client go to another room as soon as no turn is under way."""
        self.is_leaving = True
        if not self.is_busy:
            self.tell(GoingAway(moves=True))

    def type(self, text: str) -> str:
        """Say something in writing; return its turn."""
        turn = f"{self.session}:t{time.monotonic_ns()}"
        self._open_turns.add(turn)
        self._publish("text", UserText(session=self.session, turn=turn, text=text))
        return turn

    def show(self, jpeg: bytes, width: int, height: int) -> None:
        """Show a picture."""
        frame = Image(session=self.session, jpeg=jpeg, width=width, height=height)
        self._publish("video", frame)

    def answer_call(self, call_id: str, response: Mapping[str, Any], *, failed: bool) -> bool:
        """Give the result of a function; return whether it had been asked for."""
        call = self._calls.pop(call_id, None)
        if call is None:
            return False
        result = ToolResult(
            session=self.session,
            turn=call.turn,
            call_id=call_id,
            name=call.name,
            status=ToolStatus.ERROR if failed else ToolStatus.OK,
            response=dict(response),
        )
        self._publish("results", result)
        return True

    def play(self, block: Samples, until_ns: int, position: AnswerPosition) -> None:
        """Send a block of an answer; see `Hearer`."""
        self._heard.sent(len(block), until_ns, position)
        self.tell(AnswerSound(to_pcm(block)))

    def played(self, link: CallerLink, samples: int) -> None:
        """Note how much its client has played; until it says so our clock does.

        Args:
            link: Of the connection over which it says so.
            samples: At 24 kHz, of the answers that came over this connection.
        """
        if link is self._link:
            self._heard.reported(samples)

    def tell(self, event: Event) -> None:
        """Tell its client what happened; what is said is kept for one who is away."""
        self.sound.on_event(event)
        match event:
            case ToolCall():
                self._calls[event.call_id] = event
            case ToolCancel():
                self._calls.pop(event.call_id, None)
            case Speaking(began=True):
                self._open_turns.add(event.turn)
            case TurnClosed():
                self.turns += 1
                self._open_turns.discard(event.turn)
        if self._link is not None:
            self._link.tell(event)
        elif not isinstance(event, AnswerSound | Speaking | AnswerInterrupted | GoingAway):
            self._kept.append(event)
        if isinstance(event, TurnClosed):
            self.tell_done()
            if self.is_leaving and not self.is_busy:
                self.tell(GoingAway(moves=True))

    def on_answer(self, frame: AnswerEnded) -> None:
        """Note that an answer broke off, which its client is not to learn: another one follows."""
        if frame.end is AnswerEnd.FAILED:
            self._broken_off = (frame.turn, frame.epoch)

    def on_route(self, frame: Route) -> None:
        """Note who answers."""
        self.owner, self._epoch = frame.owner, frame.epoch

    def on_playback(self, frame: Playback) -> Playback:
        """Tell when no more of the answer that it hears is to be heard.

        Returns:
            What was heard, which is less than what was sent.
        """
        answer = (frame.turn, frame.epoch)
        if frame.state is not PlaybackState.INTERRUPTED:
            self._hears = answer
            return frame if frame.state is PlaybackState.FINISHED else self._as_heard(frame)
        # An answer that came too late was never heard: the client's sound is of another one.
        is_heard = self._hears == answer
        if is_heard:
            self._hears = None
        breaks_off = answer == self._broken_off or frame.epoch < self._epoch
        if not is_heard or (breaks_off and not self.speaking):
            # What was sent of one that breaks off is played to its end.
            return frame
        heard = self._as_heard(frame)
        self.tell(AnswerInterrupted(frame.turn, heard.played_samples * 1000 / RATE_HZ))
        return heard

    def _as_heard(self, frame: Playback) -> Playback:
        heard = self._heard.up_to(frame.turn, frame.epoch, time.monotonic_ns())
        if heard is None or heard >= frame.played_samples:
            return frame
        return frame.model_copy(update={"played_samples": heard})
