"""From what a backend published to what generateContent must have answered. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from actors.backends.gemini.http.heard import CLOSE, OPEN
from actors.recordings.cassette.live_script import tokens
from actors.recordings.cassette.recorded_frame import RecordedFrame, derived, ended
from actors.recordings.cassette.renderings import Renderings
from actors.recordings.cassette.service_script import HttpAnswerScript, Round
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Fault,
    FaultClass,
    Frame,
    Side,
    ToolCall,
    ToolResult,
    Transcript,
    Usage,
)

HEARD = f"{OPEN}{{}}{CLOSE}\n"
"""What a model is told to begin with: the user's words."""
BEGUN = "A"
"""Of the next sentence, which was never known: what came before it was spoken once it had begun."""
BROKEN_OFF = "broke off the answer: "
NO_END = "the answer broke off"
"""Of details of `actors.backends.gemini.http.words`: the words were not whole."""


def http_script(recorded: Sequence[RecordedFrame], tts_model: str) -> dict[str, HttpAnswerScript]:
    """Return what was answered, by turn.

    Args:
        recorded: Of one actor and one session, in the order of sending.
        tts_model: Whose tokens are those of the voice.
    """
    makers: defaultdict[str, _HttpScriptMaker] = defaultdict(lambda: _HttpScriptMaker(tts_model))
    skipped = derived(recorded)
    said_ns = ended(recorded)
    fault: Fault | None = None
    fault_ns = 0
    for at, each in enumerate(recorded):
        frame = each.frame
        turn = getattr(frame, "turn", None)
        if isinstance(frame, Fault) and each.own:
            fault, fault_ns = frame, each.sent_ns
        elif turn is None or at in skipped:
            continue
        elif each.own:
            makers[turn].published(frame)
            if isinstance(frame, AnswerEnded):
                in_turn = fault_ns >= said_ns.get(turn, 0)
                makers[turn].ended(frame, fault if in_turn else None)
        elif isinstance(frame, Transcript) and frame.side is Side.USER:
            makers[turn].known += frame.text
        elif isinstance(frame, ToolResult):
            makers[turn].result(frame)
    return {turn: maker.answer() for turn, maker in makers.items() if maker.asked}


class _HttpScriptMaker:
    """Of one turn. Words of an answer are published with their sound, calls at once."""

    def __init__(self, tts_model: str) -> None:
        self.known = ""
        self.asked = False
        self._waiting: set[str] = set()
        self._carried_out: set[str] = set()
        self._known_calls: list[list[tuple[str, dict[str, Any]]]] = []
        self._tts_model = tts_model
        self._texts: list[list[str]] = [[]]
        self._usages: list[dict[str, Any]] = []
        self._calls: list[list[tuple[str, dict[str, Any]]]] = []
        self._renderings = Renderings()
        self._heard: str | None = None
        self._end: AnswerEnd | None = None
        self._fault: Fault | None = None
        self._detail = ""
        self._unspoken = False

    def published(self, frame: Frame) -> None:
        """Note a frame of the answer."""
        self.asked = True
        match frame:
            case Transcript(side=Side.USER):
                self._heard = self.known + frame.text
            case Transcript(text=text):
                self._texts[-1].append(text)
                self._renderings.words(text)
            case AnswerAudio():
                self._renderings.sound(frame)
            case Usage(model=model) if model == self._tts_model:
                self._renderings.usage(_usage(frame))
            case Usage():
                self._usages.append(_usage(frame))
                self._texts.append([])
            case ToolCall(call_id=call_id):
                # The model asks again only when it has the results of all calls before.
                if not self._waiting:
                    self._calls.append([])
                self._waiting.add(call_id)
                self._carried_out.add(call_id)
                self._calls[-1].append((frame.name, frame.args))

    def result(self, frame: ToolResult) -> None:
        """Note a result, which another backend may have asked for before."""
        self._waiting.discard(frame.call_id)
        if frame.call_id not in self._carried_out:
            self._known_calls.append([(frame.name, {})])

    def ended(self, frame: AnswerEnded, fault: Fault | None) -> None:
        """Note how it ended."""
        self._end, self._fault, self._detail = frame.end, fault, frame.detail
        self._unspoken = bool(frame.unspoken)
        if frame.unspoken:
            self._texts[-1] += self._renderings.unspoken(frame, fault)
        elif frame.end is AnswerEnd.COMPLETE:
            self._renderings.complete()

    def answer(self) -> HttpAnswerScript:
        """Return what the service must have answered."""
        finished = self._end in (AnswerEnd.COMPLETE, AnswerEnd.EMPTY)
        # With its tokens a response has ended; where none are told, the last has all the words.
        count = max(len(self._calls) + 1, len(self._usages))
        # What another backend had carried out is asked for again, and no call is published.
        again = count - 1 - len(self._calls)
        calls_by_round = [*self._known_calls[:again], *self._calls]
        rounds = [Round() for _ in range(count)]
        for index, texts in enumerate(self._texts):
            rounds[min(index, count - 1)].texts += texts
        for each, calls in zip(rounds, calls_by_round, strict=False):
            each.calls = calls
        for each, usage in zip(rounds, self._usages, strict=False):
            each.usage = usage
        if self._heard is not None:
            rounds[0].texts.insert(0, HEARD.format(self._heard))
        if not (finished or self._unspoken):
            self._break_off(rounds)
        return HttpAnswerScript(rounds, self._renderings.voices)

    def _break_off(self, rounds: list[Round]) -> None:
        """The newest sentence was not spoken to its end, or the newest response not given."""
        voices = self._renderings.voices
        voice = voices[-1] if voices else None
        spoken = voice is None or voice.usage is not None
        newest = rounds[-1] if spoken or voice is None else voice
        words_broke_off = BROKEN_OFF in self._detail or self._detail.startswith(NO_END)
        if words_broke_off or newest is rounds[-1]:
            texts = rounds[-1].texts
            texts += [BEGUN] if texts and texts[-1].endswith(" ") else []
        if words_broke_off:
            rounds[-1].finish = self._detail.partition(BROKEN_OFF)[2]
            return
        if self._end is AnswerEnd.FAILED and self._fault is not None:
            fault = self._fault
            if fault.fault is FaultClass.POLICY and fault.code is None:
                rounds[-1].blocked = fault.reason.rpartition(" ")[2]
                return
            if fault.fault is not FaultClass.FROZEN:
                newest.refusal = (fault.code, fault.reason)
        newest.whole = False


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "promptTokensDetails": tokens(usage.input_tokens),
        "candidatesTokensDetails": tokens(usage.output_tokens),
        "totalTokenCount": usage.total_tokens,
    }
