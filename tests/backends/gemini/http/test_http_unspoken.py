"""Answers of which a part has no sound, or no end: asked once more, then handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from http_stage import end_of, ready, said, simulator, sound, staged, write
from live_server import rules_of

from actors.backends.gemini.http.voice import WholeSound
from actors.backends.turnwise.request import Sound
from pipeline.frames import (
    ActorState,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Route,
)
from pipeline.testing import ActorHarness

TEXT = "It is ten. The sun is out. It will rain."
SAY = {"when": {"http": "words"}, "do": [{"say": TEXT}]}


def breaking(at: float, times: int | None = None, reason: str = "OTHER") -> dict[str, Any]:
    do = [{"break_off": {"reason": reason, "at": at}}]
    limit = {} if times is None else {"times": times}
    return {"when": {"http": "speech"}, "do": do, **limit}


def length_s(http: ActorHarness[Any]) -> float:
    return len(sound(http)) / 48_000


def answer_to(http: ActorHarness[Any], number: int = 1) -> AnswerEnded:
    return end_of(http, write(http, "hello", number))


def whole_s(tmp_path: Path) -> float:
    with simulator(tmp_path, SAY) as gemini, staged(gemini) as http:
        assert answer_to(http).end is AnswerEnd.COMPLETE
        return length_s(http)


@pytest.mark.parametrize("at", [0.0, 0.4])
def test_sentence_without_sound_is_asked_for_once_more(tmp_path: Path, at: float) -> None:
    expected_s = whole_s(tmp_path)
    with simulator(tmp_path, SAY, breaking(at, times=1)) as gemini, staged(gemini) as http:
        assert answer_to(http).end is AnswerEnd.COMPLETE
        assert said(http) == TEXT
        # What was there of it is not heard twice.
        assert length_s(http) == pytest.approx(expected_s, abs=0.05)
        assert len(gemini.sentences) == 4
        assert http.actor.counters["sentences_without_sound"] == 1


@pytest.mark.parametrize("reason", ["OTHER", "MAX_TOKENS", ""])
def test_what_has_no_sound_is_left_to_the_next_backend(tmp_path: Path, reason: str) -> None:
    with (
        simulator(tmp_path, SAY, breaking(0.0, reason=reason)) as gemini,
        staged(gemini) as http,
    ):
        ended = answer_to(http)
        assert (ended.end, ended.unspoken, ended.samples) == (AnswerEnd.FAILED, TEXT, 0)
        assert said(http) == ""
        assert "no sound" in ended.detail
        # Other answers may well be spoken: the service is not at fault.
        http.expect_nothing("faults")


def test_sentence_that_breaks_off_twice_is_left_to_the_next_with_all_that_follows(
    tmp_path: Path,
) -> None:
    *_, rule = rules_of("f33_sound_breaks_off")
    with simulator(tmp_path, SAY, rule) as gemini, staged(gemini) as http:
        ended = answer_to(http)
        assert (ended.end, ended.unspoken) == (AnswerEnd.FAILED, TEXT)
        assert said(http).strip() == "It is ten."
        assert 0 < length_s(http) < 1.0


def test_what_another_backend_left_unspoken_is_all_that_is_said(tmp_path: Path) -> None:
    with (
        simulator(tmp_path) as gemini,
        staged(gemini, ("audio", "speech", "text", "route")) as http,
    ):
        ready(http)
        turn = write(http, "What time is it?")
        rest = "The sun is out. It will rain."
        http.send("route", Route(owner="http", epoch=2, reason="", unspoken={turn: rest}))
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        assert said(http) == rest
        assert gemini.answers == []


def test_what_is_only_spoken_says_nothing_of_the_model_for_the_words(tmp_path: Path) -> None:
    missing = {"when": {"http": "words"}, "do": [{"refuse": {"status": 404, "body": "models/x"}}]}
    with (
        simulator(tmp_path, missing) as gemini,
        staged(gemini, ("audio", "speech", "text", "route")) as http,
    ):
        ready(http)
        http.send("route", Route(owner="http", epoch=2, reason=""))
        assert answer_to(http).end is AnswerEnd.FAILED
        http.expect("status", BackendStatus, lambda f: f.state is BackendState.UNAVAILABLE)
        http.send("route", Route(owner="live", epoch=3, reason=""))
        turn = write(http, "And the weather?", 2)
        unspoken = {turn: "The sun is out."}
        http.send("route", Route(owner="http", epoch=4, reason="", unspoken=unspoken))
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        assert http.actor.state is ActorState.DEGRADED


@pytest.mark.parametrize(
    ("reason", "at", "end"),
    [
        ("", 0.5, AnswerEnd.FAILED),
        ("OTHER", 0.5, AnswerEnd.FAILED),
        ("RECITATION", 0.5, AnswerEnd.FAILED),
        ("MAX_TOKENS", 0.5, AnswerEnd.COMPLETE),
        ("", 0.0, AnswerEnd.FAILED),
        ("MALFORMED_FUNCTION_CALL", 0.0, AnswerEnd.FAILED),
        ("SAFETY", 0.0, AnswerEnd.FAILED),
        ("STOP", 0.0, AnswerEnd.EMPTY),
        ("MAX_TOKENS", 0.0, AnswerEnd.EMPTY),
    ],
)
def test_words_that_are_not_whole_are_no_answer(
    tmp_path: Path, reason: str, at: float, end: AnswerEnd
) -> None:
    cut = {
        "when": {"http": "words"},
        "do": [{"say": TEXT}, {"break_off": {"reason": reason, "at": at}}],
    }
    with simulator(tmp_path, cut) as gemini, staged(gemini) as http:
        assert answer_to(http).end is end
        refused = [f for f in http.sent["faults"] if isinstance(f, Fault)]
        policy = reason in ("SAFETY", "RECITATION")
        assert [f.fault for f in refused] == ([FaultClass.POLICY] if policy else [])
        again = at == 0.0 and reason in ("", "STOP", "MALFORMED_FUNCTION_CALL")
        assert len(gemini.answers) == (2 if again else 1)


def test_words_that_come_to_nothing_once_are_asked_for_once_more(tmp_path: Path) -> None:
    cut = {"when": {"http": "words"}, "times": 1, "do": [{"break_off": {"reason": "", "at": 0}}]}
    with simulator(tmp_path, cut) as gemini, staged(gemini) as http:
        assert answer_to(http).end is AnswerEnd.COMPLETE
        assert len(gemini.answers) == 2


def test_sound_that_is_too_short_for_its_sentence_is_not_all_of_it() -> None:
    whole = WholeSound("The quick brown fox jumps over the lazy dog.")
    whole.begin()
    assert not whole.is_there
    assert "no sound" in whole.problem
    whole.add(Sound(bytes(4800), 24_000))
    assert not whole.is_there
    assert "0.1 s" in whole.problem
    whole.begin()
    # The second rendering is taken up where the first broke off.
    fresh = whole.add(Sound(bytes(48_000), 24_000))
    assert fresh is not None
    assert len(fresh.pcm) == 48_000 - 4800
    assert whole.is_there
