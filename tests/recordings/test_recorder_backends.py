"""A backend alone, whose service is played back, gives what it gave; nothing else is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import msgpack
import pytest
from recorder_frames import blocks, description, payload

from actors.cli.reproduce import reproduce_command
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.bus.blocking_subscriber import Taken
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    EndReason,
    Fault,
    FaultClass,
    Frame,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolResult,
    ToolStatus,
    Transcript,
    Usage,
    UserText,
)

INPUTS = {
    "audio": "microphone.audio",
    "speech": "vad.speech",
    "text": "console.text",
    "results": "tools.results",
}
FIRST, SECOND = bytes(range(1, 201)) * 30, bytes(range(50, 250)) * 30
"""Sound of two sentences, as long as it takes to say them: 3000 samples each, 0.125 s."""
FLASH, VOICE = "gemini-3.8-flash", "gemini-3.8-flash-tts"
TYPED, SPOKEN = "local:t1", "local:640"

Row = tuple[float, str, Frame]
"""Seconds since the start, stream, frame."""


def user() -> list[Row]:
    """A typed turn, and a spoken one."""
    speech: list[Row] = [
        (n * 0.02, "microphone.audio", block) for n, block in enumerate(blocks(40), 25)
    ]
    began = SpeechStarted(turn=SPOKEN, position=640, at_ns=1)
    ended = SpeechEnded(
        turn=SPOKEN, start_position=640, position=9600, at_ns=1, reason=EndReason.SILENCE
    )
    typed = UserText(turn=TYPED, text="How are you?")
    result = ToolResult(turn=SPOKEN, call_id=f"{SPOKEN}/0/1", name="move", status=ToolStatus.OK)
    return [
        *speech,
        (0.1, "console.text", typed),
        (0.6, "vad.speech", began),
        (1.3, "vad.speech", ended),
        (1.5, "tools.results", result),
    ]


def of(turn: str) -> dict[str, Any]:
    return {"turn": turn, "epoch": 0, "backend": "http"}


def words(turn: str, text: str, at: int = 0, *, final: bool = False) -> Transcript:
    return Transcript(**of(turn), side=Side.MODEL, text=text, audio_position=at, final=final)


def heard(turn: str, text: str) -> Transcript:
    return Transcript(**of(turn), side=Side.USER, text=text, final=True)


def sound(turn: str, pcm: bytes, position: int) -> AnswerAudio:
    return AnswerAudio(**of(turn), position=position, pcm=pcm)


def tokens(turn: str, model: str, total: int) -> Usage:
    given = {"input_tokens": {"text": total}, "output_tokens": {"audio": 1}}
    return Usage(**of(turn), model=model, total_tokens=total, **given)


def over(
    turn: str, end: AnswerEnd, samples: int, detail: str = "", unspoken: str = ""
) -> AnswerEnded:
    return AnswerEnded(**of(turn), end=end, samples=samples, detail=detail, unspoken=unspoken)


def started() -> list[Row]:
    return [
        (at_s, "http.status", BackendStatus(backend="http", state=state))
        for at_s, state in ((0.0, BackendState.CONNECTING), (0.05, BackendState.READY))
    ]


def turn(number: int, *frames: Callable[[str], Frame]) -> list[Row]:
    """A typed turn, and what `http` gave for it: words, or whatever the frames say."""
    name, begun_s = f"local:t{number}", number * 0.5
    given = [heard(name, f"Question {number}?"), *(make(name) for make in frames)]
    typed = UserText(turn=name, text=f"Question {number}?")
    rows = [(begun_s + 0.01 * n, port(frame), frame) for n, frame in enumerate(given, 1)]
    return [(begun_s, "console.text", typed), *rows]


def port(frame: Frame) -> str:
    ports = {Transcript: "transcript", AnswerAudio: "audio", Usage: "usage", AnswerEnded: "answer"}
    return f"http.{ports.get(type(frame), 'faults')}"


def answers() -> list[Row]:
    """What `http` gave: two sentences; then a call, and a voice that was refused."""
    move = ToolCall(turn=SPOKEN, call_id=f"{SPOKEN}/0/1", name="move", args={"distance_m": 1})
    reason = "The request is malformed."
    fault = Fault(backend="http", fault=FaultClass.BAD_REQUEST, code=400, reason=reason, retry=True)
    failed = f"bad_request 400: {reason}"
    return [
        *started(),
        (0.11, "http.transcript", heard(TYPED, "How are you?")),
        (0.2, "http.transcript", words(TYPED, "Fine. ")),
        (0.21, "http.audio", sound(TYPED, FIRST[:2400], 0)),
        (0.22, "http.audio", sound(TYPED, FIRST[2400:], 1200)),
        (0.23, "http.usage", tokens(TYPED, VOICE, 3)),
        (0.3, "http.transcript", words(TYPED, "And you?", 3000)),
        (0.31, "http.audio", sound(TYPED, SECOND, 3000)),
        (0.32, "http.usage", tokens(TYPED, VOICE, 4)),
        (0.33, "http.usage", tokens(TYPED, FLASH, 5)),
        (0.34, "http.transcript", words(TYPED, "", 6000, final=True)),
        (0.35, "http.answer", over(TYPED, AnswerEnd.COMPLETE, 6000)),
        (1.4, "http.tool_calls", move),
        (1.41, "http.transcript", heard(SPOKEN, "Go.")),
        (1.42, "http.usage", tokens(SPOKEN, FLASH, 6)),
        (1.7, "http.faults", fault),
        (1.71, "http.status", started()[-1][-1]),
        (1.73, "http.answer", over(SPOKEN, AnswerEnd.FAILED, 0, failed, "Going.")),
    ]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a recording, in which nobody has a key."""
    monkeypatch.setattr("actors.recordings.reproduce.QUIET_S", 2.0)
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)

    def write(rows: list[Row]) -> Path:
        streams: dict[str, dict[str, list[str]]] = {}
        for _, stream, frame in rows:
            actor, _, port = stream.partition(".")
            types = streams.setdefault(actor, {}).setdefault(port, [])
            types += [frame.type_name] if frame.type_name not in types else []
        config = {"actors": {"http": {"use": "http", "options": {}, "inputs": INPUTS}}}
        started_ns = time.monotonic_ns()
        pipeline = replace(description(tmp_path, **streams), config=config, started_ns=started_ns)
        writer = RotatingWriter(str(tmp_path / "run.mcap"), RotationLimits(), pipeline)
        seqs = {stream: count() for _, stream, _ in rows}
        for at_s, stream, frame in sorted(rows, key=lambda row: row[0]):
            actor, _, port = stream.partition(".")
            sent_ns = started_ns + round(at_s * 1e9)
            data = payload(frame, next(seqs[stream]), sent_ns)
            writer.write(Taken(actor, port, msgpack.unpackb(data), data, sent_ns))
        writer.close()
        return tmp_path / "run.mcap"

    return write


def reproduced(recording: Path) -> int:
    return reproduce_command("http", [recording], None, (), ("advice",), (), 1.0)


def test_an_answer_over_http_is_made_again_from_its_words_voices_and_calls(
    record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduced(record([*user(), *answers()])) == 0, capsys.readouterr().out
    assert "19 frames recorded, 19 now: the same" in capsys.readouterr().out


def test_what_it_would_not_have_given_is_a_difference(
    record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        (at_s, stream, words(TYPED, "And you?", 2999) if at_s == 0.3 else frame)
        for at_s, stream, frame in answers()
    ]
    assert reproduced(record([*user(), *rows])) == 1
    found = [line for line in capsys.readouterr().out.splitlines() if line[:2] in ("- ", "+ ")]
    assert [line[0] for line in found] == ["-", "+"]
    assert '"audio_position": 2999' in found[0]
    assert '"audio_position": 3000' in found[1]


def test_what_had_to_be_asked_for_once_more_is_asked_for_once_more(
    record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first = (lambda t: words(t, "Fine. "), lambda t: sound(t, FIRST, 0))
    rows = [
        # No sound at first; half of it at first.
        *turn(
            1,
            lambda t: tokens(t, VOICE, 1),
            *first,
            lambda t: tokens(t, VOICE, 2),
            lambda t: words(t, "And you?", 3000),
            lambda t: sound(t, SECOND[:2000], 3000),
            lambda t: tokens(t, VOICE, 3),
            lambda t: sound(t, SECOND[2000:], 4000),
            lambda t: tokens(t, VOICE, 4),
            lambda t: tokens(t, FLASH, 5),
            lambda t: words(t, "", 6000, final=True),
            lambda t: over(t, AnswerEnd.COMPLETE, 6000),
        ),
        # No words at first.
        *turn(
            2,
            lambda t: tokens(t, FLASH, 1),
            *first,
            lambda t: tokens(t, VOICE, 2),
            lambda t: tokens(t, FLASH, 3),
            lambda t: words(t, "", 3000, final=True),
            lambda t: over(t, AnswerEnd.COMPLETE, 3000),
        ),
    ]
    assert reproduced(record([*started(), *rows])) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.endswith("the same\n")


def test_what_was_not_whole_is_not_whole_again(
    record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first = (
        lambda t: words(t, "Fine. "),
        lambda t: sound(t, FIRST, 0),
        lambda t: tokens(t, VOICE, 1),
    )
    broke_off = "the voice broke off after 0.1 s (finishReason MAX_TOKENS)"
    silent = "the voice gave no sound (finishReason OTHER)"
    cut = "the service broke off the answer: OTHER"
    blocked = "the service blocked the answer: OTHER"
    policy = Fault(backend="http", fault=FaultClass.POLICY, code=None, reason=blocked, retry=False)
    rows = [
        *turn(
            1,
            *first,
            lambda t: words(t, "And you? ", 3000),
            lambda t: sound(t, SECOND[:4800], 3000),
            lambda t: tokens(t, VOICE, 2),
            lambda t: tokens(t, VOICE, 3),
            lambda t: words(t, "", 5400, final=True),
            lambda t: over(t, AnswerEnd.FAILED, 5400, broke_off, "And you? Good night."),
        ),
        *turn(
            2,
            lambda t: tokens(t, VOICE, 1),
            lambda t: tokens(t, VOICE, 2),
            lambda t: over(t, AnswerEnd.FAILED, 0, silent, "Well."),
        ),
        *turn(
            3,
            *first,
            lambda t: tokens(t, FLASH, 2),
            lambda t: words(t, "", 3000, final=True),
            lambda t: over(t, AnswerEnd.FAILED, 3000, cut),
        ),
        *turn(4, lambda _: policy, lambda t: over(t, AnswerEnd.FAILED, 0, blocked)),
    ]
    assert reproduced(record([*started(), *rows])) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.endswith("the same\n")
