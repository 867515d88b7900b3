"""Callers with a manner of their own are answered in it, over the same service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from http_stage import ready, simulator, staged

from actors.backends.gemini.http import HttpOptions
from actors.backends.gemini.models import ListedModel
from pipeline.frames import (
    ActorState,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    SessionEnded,
    UserText,
)
from pipeline.testing import ActorHarness

NO_MODEL = {"refuse": {"status": 404, "body": "models/x is not found for API version v1beta"}}
BOOK = {"name": "book_table", "description": "Books.", "parameters": {"type": "object"}}


def ask(http: ActorHarness[HttpOptions], session: str) -> AnswerEnded:
    turn = f"{session}:t1"
    http.send("text", UserText(session=session, turn=turn, text="Who are you?"))
    return http.expect("answer", AnswerEnded, lambda frame: frame.turn == turn)


def test_each_session_has_its_own_instruction_voice_language_and_functions(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini:
        options = {"system_instruction": "You are a robot.", "voice": "Puck", "temperature": 1.0}
        with staged(gemini, **options) as http:
            ready(http)
            http.open("anna", instruction="You are a waiter.", voice="kore", language="de-DE",
                temperature=0.25, functions=[BOOK],
            )  # fmt: skip
            http.open("bert", instruction="You are a doctor.", voice="Zephyr")
            for session in ("anna", "bert", "local"):
                assert ask(http, session).end is AnswerEnd.COMPLETE
        words = {
            next(w for w in ("waiter", "doctor", "robot") if w in r.instruction): r
            for r in gemini.answers
        }
        assert "de-DE" in words["waiter"].instruction
        assert "de-DE" not in words["doctor"].instruction
        temperatures = {who: r.config["temperature"] for who, r in words.items()}
        assert temperatures == {"waiter": 0.25, "doctor": 1.0, "robot": 1.0}
        functions = {who: r.functions for who, r in words.items()}
        assert functions == {"waiter": ["book_table"], "doctor": [], "robot": []}
        spoken = [r.config["speechConfig"] for r in gemini.sentences]
        voices = {s["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] for s in spoken}
        assert voices == {"Kore", "Zephyr", "Puck"}
        assert {s.get("languageCode") for s in spoken} == {"de-DE", None}


@pytest.mark.parametrize(
    ("manner", "complaint"),
    [
        ({"voice": "Korre"}, "did you mean 'Kore'"),
        ({"model": "gemini-3.8-flush"}, "did you mean 'gemini-3.8-flash"),
    ],
)
def test_what_there_is_not_ends_its_session_with_the_nearest_name(
    tmp_path: Path, manner: dict[str, Any], complaint: str
) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        ready(http)
        http.open("caller", **manner)
        refused = http.expect("sessions", SessionEnded)
        assert refused.session == "caller"
        assert complaint in refused.detail
        assert ask(http, "local").end is AnswerEnd.COMPLETE


def test_a_model_named_before_the_service_was_seen_is_looked_at_then(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        http.open("caller", model="gemini-3.8-flush")
        assert "did you mean 'gemini-3.8-flash" in http.expect("sessions", SessionEnded).detail


def test_a_session_with_a_model_of_its_own_is_asked_for_once_there_is_a_list(
    tmp_path: Path,
) -> None:
    slow = {"when": {"http": "any"}, "times": 1, "do": [{"refuse": "unavailable"}]}
    with simulator(tmp_path, slow) as gemini, staged(gemini) as http:
        http.open("caller", model="gemini-3.8-flush")
        http.send("text", UserText(session="caller", turn="caller:t1", text="Who are you?"))
        refused = http.expect("sessions", SessionEnded)
        assert "did you mean 'gemini-3.8-flash" in refused.detail
        assert not http.sent["faults"]
        assert not gemini.asked("gemini-3.8-flush")
        assert ask(http, "local").end is AnswerEnd.COMPLETE


OTHER = "gemini-3.6-flash"


@pytest.mark.parametrize(
    ("action", "fault", "state"),
    [
        ({"refuse": "location"}, FaultClass.POLICY, BackendState.UNAVAILABLE),
        ({"refuse": "invalid_argument"}, FaultClass.BAD_REQUEST, BackendState.READY),
        ({"http_quota": {"per": "minute"}}, FaultClass.QUOTA, BackendState.UNAVAILABLE),
        ({"refuse": "unavailable"}, FaultClass.TRANSIENT, BackendState.DEGRADED),
        (NO_MODEL, FaultClass.MODEL, BackendState.UNAVAILABLE),
        # The key may not use a model that the caller has chosen: it may use all others.
        ({"refuse": "denied"}, FaultClass.MODEL, BackendState.UNAVAILABLE),
    ],
)
def test_a_fault_of_what_one_session_asked_for_is_told_to_that_session_alone(
    tmp_path: Path, action: Any, fault: FaultClass, state: BackendState
) -> None:
    rule = {"when": {"http": "words"}, "times": 1, "do": [action]}
    with simulator(tmp_path, rule) as gemini, staged(gemini, attempts=1) as http:
        ready(http)
        http.open("anna", model=OTHER)
        http.open("bert")
        assert ask(http, "anna").end is AnswerEnd.FAILED
        seen = http.expect("faults", Fault)
        assert (seen.session, seen.fault) == ("anna", fault)
        http.expect("status", BackendStatus, lambda f: (f.session, f.state) == ("anna", state))
        told = [frame for frame in http.sent["status"] if isinstance(frame, BackendStatus)]
        assert {f.state for f in told if f.session != "anna"} <= {BackendState.READY}
        assert ask(http, "bert").end is AnswerEnd.COMPLETE
        assert ask(http, "local").end is AnswerEnd.COMPLETE
        assert http.actor.state is ActorState.READY


def test_a_model_that_was_taken_away_is_looked_for_at_once(tmp_path: Path) -> None:
    rule = {"when": {"http": "words"}, "times": 1, "do": [NO_MODEL]}
    with simulator(tmp_path, rule) as gemini, staged(gemini) as http:
        ready(http)
        http.open("anna", model=OTHER)
        http.open("bert")
        models = http.actor._service.models  # type: ignore[attr-defined]

        async def others() -> list[ListedModel]:
            return [model for model in await models() if model.name != OTHER]

        http.actor._service.models = others  # type: ignore[attr-defined]
        assert ask(http, "anna").end is AnswerEnd.FAILED
        ended = http.expect("sessions", SessionEnded)
        assert ended.session == "anna"
        assert f"no model '{OTHER}'" in ended.detail
        assert "did you mean" in ended.detail
        assert ask(http, "bert").end is AnswerEnd.COMPLETE


def test_a_model_that_is_of_live_alone_is_no_failure_here(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        ready(http)
        live = next(m.name for m in http.actor._listing.models if m.live)  # type: ignore[attr-defined]
        http.open("caller", model=live)
        assert ask(http, "caller").end is AnswerEnd.COMPLETE
        http.expect_nothing("sessions")
        assert gemini.answers


@pytest.mark.parametrize(
    "name", ["gemini-2.5-flash-native-audio-preview-12-2025", "models/gemini-4-live-preview"]
)
def test_a_live_model_that_is_not_listed_is_for_live_and_the_session_is_answered(
    tmp_path: Path, name: str
) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        ready(http)
        http.open("caller", model=name)
        assert ask(http, "caller").end is AnswerEnd.COMPLETE
        http.expect_nothing("sessions")


def test_a_session_has_the_model_that_it_names(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        ready(http)
        models = http.actor._listing.models  # type: ignore[attr-defined]
        other = next(
            m.name
            for m in models
            if "generateContent" in m.methods
            and "tts" not in m.name
            and m.name != "gemini-3.8-flash"
        )
        http.open("caller", model=other)
        assert ask(http, "caller").end is AnswerEnd.COMPLETE
        assert len(gemini.asked(other)) == 1


def test_each_session_is_told_once_that_the_network_is_gone(tmp_path: Path) -> None:
    cut = {"when": {"http": "words"}, "do": ["cut"]}
    with simulator(tmp_path, cut) as gemini, staged(gemini, attempts=1) as http:
        ready(http)
        for name in ("anna", "bert"):
            http.open(name)
        http.settle()
        http.sent["status"].clear()
        for number in (1, 2):
            turn = f"anna:t{number}"
            http.send("text", UserText(session="anna", turn=turn, text="Hello."))
            http.expect("answer", AnswerEnded, lambda f, turn=turn: f.turn == turn)
        told = [f.session for f in http.sent["status"] if isinstance(f, BackendStatus)]
        assert sorted(told) == ["anna", "anna", "bert", "local"]
