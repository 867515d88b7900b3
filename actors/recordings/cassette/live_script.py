"""From what a backend published to what a Live service must have sent. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from actors.recordings.cassette.recorded_frame import RecordedFrame, began, derived, ended
from actors.recordings.cassette.service_script import (
    Await,
    Cue,
    LiveScript,
    Responded,
    Send,
    ServiceClose,
    UserBegan,
    UserSaid,
)
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Frame,
    Side,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    Usage,
)

FIRST_CLOSE_CODE = 1000
"""RFC 6455; smaller numbers are HTTP statuses."""
ABNORMAL = 1006
"""RFC 6455: the connection broke without a close frame."""


def live_script(recorded: Sequence[RecordedFrame]) -> list[LiveScript]:
    """Return the connections of a recorded run, in order.

    Args:
        recorded: Of one actor and one session, in the order of sending.
    """
    maker = _LiveScriptMaker(recorded)
    skipped = derived(recorded)
    for at, each in enumerate(recorded):
        if not each.own:
            maker.was_sent(each.sent_ns, each.frame)
        elif at not in skipped:
            maker.published(each.sent_ns, each.frame)
    return maker.connections


class _LiveScriptMaker:
    """Goes through what was published, with what was known at that time."""

    def __init__(self, recorded: Sequence[RecordedFrame]) -> None:
        self.connections: list[LiveScript] = []
        self._results: dict[str, int] = {}
        self._backend = ""
        self._news = self._explained = False
        self._began, self._ended = began(recorded), ended(recorded)
        self._user_text: dict[str, str] = {}
        self._connection: LiveScript | None = None
        self._opened_ns = self._cue_ns = 0
        self._cues: set[tuple[str, Cue]] = set()
        self._calls: dict[str, str] = {}
        self._told: set[str] = set()

    def was_sent(self, at_ns: int, frame: Frame) -> None:
        """Note a result, and what makes a client want another session of its own accord."""
        match frame:
            case ToolResult(call_id=call_id):
                self._results[call_id] = at_ns
            case TurnClosed(by=by):
                self._news |= by not in ("", self._backend)
            case ToolOffer():
                self._news = True

    def published(self, at_ns: int, frame: Frame) -> None:
        """Note what the service must have sent for this."""
        match frame:
            case BackendStatus(state=BackendState.READY, backend=backend):
                self._backend = backend
                self._open(at_ns)
            case BackendStatus(state=BackendState.DEGRADED | BackendState.UNAVAILABLE):
                self._trouble(at_ns, frame)
            case Fault():
                self._fault(at_ns, frame)
                self._explained = True
            case AnswerEnded(end=AnswerEnd.FAILED):
                pass
            case AnswerEnded():
                self._end(at_ns, frame)
            case AnswerAudio() | Transcript() | ToolCall() | ToolCancel() | Usage():
                self._await_turn(at_ns, frame)
                self._add_answer_frame(at_ns, frame)

    def _open(self, at_ns: int) -> LiveScript:
        self._connection = LiveScript()
        self.connections.append(self._connection)
        self._opened_ns = self._cue_ns = at_ns
        self._cues, self._calls, self._told = set(), {}, set()
        self._news = False
        return self._connection

    def _trouble(self, at_ns: int, status: BackendStatus) -> None:
        """The newest status is retained and a fault is not: a recorder may have come in between."""
        explained, self._explained = self._explained, False
        if explained:
            return
        if fault := _fault_in(status):
            self._fault(at_ns, fault)
        elif self._connection is not None:
            if not self._news:
                self._send(at_ns, {"goAway": {"timeLeft": "0s"}})
            self._connection = None

    def _fault(self, at_ns: int, fault: Fault) -> None:
        connection, self._connection = self._connection, None
        code = fault.code
        if connection is None:
            if code is not None and code < FIRST_CLOSE_CODE:
                self.connections.append(LiveScript(refusal=(code, fault.reason)))
            elif code is not None or fault.fault is FaultClass.NETWORK:
                self.connections.append(LiveScript([ServiceClose(code, fault.reason)]))
            return
        if fault.fault is FaultClass.FROZEN:
            return
        after_s = self._after_s(at_ns)
        if code is not None and code < FIRST_CLOSE_CODE:
            error = {"error": {"code": code, "message": fault.reason}}
            connection.items.append(Send(error, after_s))
            return
        broken = code is None or code == ABNORMAL
        connection.items.append(ServiceClose(None if broken else code, fault.reason, after_s))

    def _end(self, at_ns: int, frame: AnswerEnded) -> None:
        if frame.end is not AnswerEnd.INTERRUPTED:
            self._await_turn(at_ns, frame)
            if frame.end is AnswerEnd.COMPLETE:
                self._send(at_ns, {"serverContent": {"generationComplete": True}})
        elif ("", UserSaid(frame.turn)) not in self._cues:
            return  # The service was never asked, or said nothing.
        else:
            newer_ns = [ns for ns in self._began.values() if self._cue_ns < ns <= at_ns]
            if newer_ns:
                self._await(frame.turn, UserBegan(), max(newer_ns))
            self._send(at_ns, {"serverContent": {"interrupted": True}})
        self._send(at_ns, {"serverContent": {"turnComplete": True}})

    def _add_answer_frame(self, at_ns: int, frame: Frame) -> None:
        match frame:
            case AnswerAudio():
                data = base64.b64encode(frame.pcm).decode("ascii")
                blob = {"mimeType": f"audio/pcm;rate={frame.rate_hz}", "data": data}
                turn = {"role": "model", "parts": [{"inlineData": blob}]}
                self._send(at_ns, {"serverContent": {"modelTurn": turn}})
            case Transcript():
                self._transcript(at_ns, frame)
            case ToolCall(call_id=call_id):
                self._calls[call_id] = frame.turn
                call = {"id": call_id, "name": frame.name, "args": frame.args}
                self._send(at_ns, {"toolCall": {"functionCalls": [call]}})
            case ToolCancel(call_id=call_id):
                self._calls.pop(call_id, None)
                self._send(at_ns, {"toolCallCancellation": {"ids": [call_id]}})
            case Usage():
                self._send(at_ns, {"usageMetadata": _usage(frame)})

    def _transcript(self, at_ns: int, frame: Transcript) -> None:
        said: dict[str, Any] = {"text": frame.text}
        if frame.final:
            said["finished"] = True
        name = "outputTranscription"
        if frame.side is Side.USER:
            name = "inputTranscription"
            if frame.turn not in self._told and (known := self._user_text.get(frame.turn)):
                # A connection that is sent a turn anew says all of it anew.
                self._send(at_ns, {"serverContent": {name: {"text": known}}})
            self._told.add(frame.turn)
            self._user_text[frame.turn] = self._user_text.get(frame.turn, "") + frame.text
        self._send(at_ns, {"serverContent": {name: said}})

    def _await_turn(self, at_ns: int, frame: Frame) -> None:
        turn: str = getattr(frame, "turn", "")
        said_ns = self._ended.get(turn)
        if said_ns is None:
            return  # Such as tokens that belong to no turn.
        if isinstance(frame, Transcript) and frame.side is Side.USER and at_ns < said_ns:
            self._await(turn, UserBegan(), self._began[turn])
            return
        self._await("", UserSaid(turn), said_ns)
        for call_id, of_turn in self._calls.items():
            if of_turn == turn and call_id in self._results:
                self._await("", Responded(call_id), self._results[call_id])

    def _await(self, turn: str, cue: Cue, at_ns: int) -> None:
        if (turn, cue) in self._cues:
            return
        self._cues.add((turn, cue))
        connection = self._connection or self._open(at_ns)
        connection.items.append(Await(cue))
        self._cue_ns = max(at_ns, self._opened_ns)

    def _send(self, at_ns: int, message: dict[str, Any]) -> None:
        connection = self._connection or self._open(at_ns)
        connection.items.append(Send(message, self._after_s(at_ns)))

    def _after_s(self, at_ns: int) -> float:
        return max(0, at_ns - self._cue_ns) / 1e9


def _fault_in(status: BackendStatus) -> Fault | None:
    """Return what a status gives as its reason, which is the fault in words."""
    found = re.fullmatch(r"(\w+)(?: (\d+))?: (.*)", status.reason, re.DOTALL)
    if found is None or found[1] not in list(FaultClass):
        return None
    return Fault(
        backend=status.backend,
        fault=FaultClass(found[1]),
        code=int(found[2]) if found[2] else None,
        reason=found[3],
        retry=True,
    )


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "promptTokensDetails": tokens(usage.input_tokens),
        "responseTokensDetails": tokens(usage.output_tokens),
        "totalTokenCount": usage.total_tokens,
    }


def tokens(by_modality: dict[str, int]) -> list[dict[str, Any]]:
    """As `usageMetadata` has them."""
    return [{"modality": name.upper(), "tokenCount": count} for name, count in by_modality.items()]
