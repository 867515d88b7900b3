"""Each session is set up as it asked to be; one that cannot be is told why, and no other minds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from live_server import KEY, Talker, ready, simulator, staged

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    Audio,
    Fault,
    SessionEnd,
    SessionEnded,
    ToolCall,
    ToolResult,
    ToolStatus,
    Transcript,
    UserText,
)

WEATHER = {"name": "weather", "description": "Tells it.", "parameters": {"type": "object"}}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def instruction_of(setup: dict[str, Any]) -> str:
    return str(setup["systemInstruction"]["parts"][0]["text"])


def voice_of(setup: dict[str, Any]) -> str:
    speech = setup["generationConfig"]["speechConfig"]
    return str(speech["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"])


def test_two_callers_get_each_their_own_manner_and_what_they_left_open_from_the_options(
    tmp_path: Path,
) -> None:
    options = {"voice": "Puck", "system_instruction": "Be a robot.", "temperature": 0.5}
    with simulator(tmp_path) as server, staged(tmp_path, **server.address, **options) as live:
        ready(live)
        live.open("anna", instruction="Be a baker.", voice="kore", language="de-DE")
        ready(live)
        live.open("bert", temperature=1.5, functions=[WEATHER])
        ready(live)
        own, anna, bert = [session.setup for session in server.journal.sessions]
        assert instruction_of(own) == instruction_of(bert) == "Be a robot."
        assert instruction_of(anna).startswith("Be a baker.")
        assert "de-DE" in instruction_of(anna)
        assert (voice_of(own), voice_of(anna), voice_of(bert)) == ("Puck", "Kore", "Puck")
        temperatures = [s["generationConfig"]["temperature"] for s in (own, anna, bert)]
        assert temperatures == [0.5, 0.5, 1.5]
        assert bert["tools"][0]["functionDeclarations"][0]["name"] == "weather"
        assert "tools" not in own
        assert "tools" not in anna


def test_a_function_of_the_caller_is_called_and_its_result_answered(tmp_path: Path) -> None:
    call = {"call": {"name": "weather", "args": {}}}
    rule = {"when": {"turn": 1}, "do": [call, {"say": "Sunny."}]}
    ports = {"audio", "speech", "text", "results"}
    with simulator(tmp_path, rule) as server, staged(tmp_path, ports, **server.address) as live:
        ready(live)
        live.open("anna", functions=[WEATHER])
        live.send("text", UserText(session="anna", turn="anna:t1", text="the weather?"))
        asked = live.expect("tool_calls", ToolCall)
        assert (asked.session, asked.name) == ("anna", "weather")
        result = ToolResult(
            session="anna",
            turn=asked.turn,
            call_id=asked.call_id,
            name="weather",
            status=ToolStatus.OK,
            response={"sky": "blue"},
        )
        live.send("results", result)
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"voice": "Kor"}, "'Kore'"),
    ({"model": "gemini-3.8-liv"}, "'gemini-3.8-live'"),
    ({"functions": [{"name": "no spaces"}]}, "functions.0 (no spaces): a function's name has"),
    ({"functions": [{}]}, "functions.0: no name"),
    ({"functions": [{"name": "f", "parameters": []}]}, "is no schema but a list"),
    ({"functions": [{"name": "f", "parameters": {"type": "string"}}]}, "of the type object"),
    ({"functions": [{"name": "f", "parameters": {"properties": {"a": 1}}}]}, "`properties`"),
    ({"functions": [WEATHER, WEATHER]}, "(weather): is declared twice"),
]


@pytest.mark.parametrize(("manner", "said"), REFUSED)
def test_what_cannot_be_had_ends_that_session_in_words_and_no_other(
    tmp_path: Path, manner: dict[str, Any], said: str
) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        # More of them than failures that would end a process.
        for number in range(6):
            live.open(f"caller{number}", **manner)
            ended = live.expect("sessions", SessionEnded)
            assert (ended.session, ended.reason) == (f"caller{number}", SessionEnd.FAILED)
            assert said in ended.detail
            live.end(ended.session, ended.reason, ended.detail)
        assert len(server.journal.sessions) == 1
        assert Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.expect_nothing("faults")


def test_sound_of_another_rate_ends_its_session_and_no_other(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        for number in range(6):
            name = f"phone{number}"
            live.open(name)
            live.send("audio", Audio(session=name, position=0, pcm=bytes(320), rate_hz=8000))
            ended = live.expect("sessions", SessionEnded)
            assert (ended.session, ended.reason) == (name, SessionEnd.FAILED)
            assert "takes 16000" in ended.detail
            live.end(name)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE


def test_a_model_that_is_to_speak_first_does_and_once(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        with staged(tmp_path, **server.address) as live:
            ready(live)
            live.open("anna", speaks_first=True)
            ended = live.expect("answer", AnswerEnded)
            assert (ended.turn, ended.end) == ("anna:first", AnswerEnd.COMPLETE)
            said = [f for f in live.sent["transcript"] if isinstance(f, Transcript)]
            assert {f.side.value for f in said} == {"model"}, "the user said nothing"
        with staged(tmp_path, checkpoint={"served": True}, **server.address) as live:
            live.open("anna", speaks_first=True)
            assert {ready(live).session, ready(live).session} == {"anna", "local"}
            live.send("text", UserText(session="anna", turn="anna:t1", text="hello"))
            assert live.expect("answer", AnswerEnded).turn == "anna:t1"


def test_a_connection_that_fails_at_once_is_logged_with_the_labels_of_its_session(
    tmp_path: Path, log: io.StringIO
) -> None:
    rule = {"when": "setup", "session": 2, "do": [{"close": "denied"}]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        live.open("anna", labels={"business": "bakery-7"})
        assert live.expect("faults", Fault).session == "anna"
    (line,) = [line for line in log.getvalue().splitlines() if "fault=auth" in line]
    assert "session=anna" in line
    assert "business=bakery-7" in line
