"""Every failure of the service that the simulator can play: the person is answered, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import counter, journal, playing, recognise, verdict, words, write_config

from pipeline.frames import Outcome, TurnClosed, is_unasked
from pipeline.testing import running

LIVE, HTTP, DEVICE = {"live"}, {"http"}, {"device"}
ANY = LIVE | HTTP | DEVICE

ONE_TURN = {
    "f01_quota_before_turn": HTTP,
    "f01_quota_mid_speech": HTTP,
    "f01_quota_mid_answer": HTTP,
    "f01_quota_everywhere": DEVICE,
    "f02_connection_refused": ANY,
    "f02_handshake_401": HTTP,
    "f02_handshake_403": HTTP,
    "f02_handshake_404": HTTP,
    "f02_handshake_429": HTTP,
    "f02_handshake_503": HTTP,
    "f02_wrong_certificate": ANY,
    "f03_cut_mid_speech": LIVE,
    "f03_cut_mid_answer": HTTP,
    "f03_vanish_mid_speech": ANY,
    "f04_model_retired": HTTP,
    "f05_key_expired": DEVICE,
    "f05_key_invalid": DEVICE,
    "f05_key_leaked": DEVICE,
    "f05_project_denied": DEVICE,
    "f06_error_frame": HTTP,
    "f06_first_frame_error": LIVE,
    "f06_first_frame_garbage": ANY,
    "f06_flat_error_frame": HTTP,
    "f06_no_setup_reply": ANY,
    "f06_not_json": HTTP,
    "f06_unknown_frame": ANY,
    "f09_silent_freeze": HTTP,
    "f09_freeze_mid_answer": HTTP,
    "f10_early_turn_complete": ANY,
    "f10_empty_turn": HTTP,
    "f10_generation_complete_only": LIVE,
    "f10_no_usage": LIVE,
    "f10_interrupted_before_sound": HTTP,
    "f10_interrupted_mid_answer": HTTP,
    "f11_slow": LIVE,
    "f15_cut_at_tool_response": ANY,
    "f15_cut_while_tool_runs": ANY,
    "f15_tool_call_pending": LIVE,
    "f16_late_transcript": LIVE,
    "f31_answer_given_twice": LIVE,
    "f33_no_sound": DEVICE,
    "f33_no_sound_once": HTTP,
    "f34_words_break_off": DEVICE,
}
"""Scenario, and who may answer."""

BROKEN_SOUND = {"f10_early_turn_complete", "f11_slow"}
"""Here the service itself ends the answer early, or makes it slower than it is spoken."""

TWO_TURNS = {
    "f07_goaway_then_close": LIVE,
    "f07_goaway_then_quiet": LIVE,
    "f08_resume_rejected_handle": ANY,
    "f08_resume_rejected_internal": ANY,
    "f08_resume_rejected_session": ANY,
}
"""Scenarios whose effect shows in the turn after the failure."""


def converse(folder: Path, scenario: str, *recordings: object) -> tuple[list[TurnClosed], str]:
    """Play a scenario to its end; return the verdicts and what was printed."""
    config = write_config(
        folder,
        {
            "actors": {
                "microphone": playing(*recordings),
                "simulator": {"options": {"scenario": scenario}},
            }
        },
    )
    with running(config, cwd=folder) as pipeline:
        verdicts = [verdict(pipeline, index) for index in range(len(recordings))]
        assert pipeline.wait() == 0
    return verdicts, pipeline.output


@pytest.mark.parametrize("scenario", ONE_TURN)
def test_the_turn_in_which_it_fails_is_answered_once_and_in_full(
    tmp_path: Path, scenario: str
) -> None:
    (closed,), output = converse(tmp_path, scenario, "goforward.wav")
    assert closed.outcome is Outcome.ANSWERED, output
    assert closed.by in ONE_TURN[scenario], output
    assert output.count("tool: move(direction='forward', distance_m=10)") == 1, output
    if scenario not in BROKEN_SOUND:
        heard = recognise(tmp_path / "out" / "answer.wav")
        assert "forward ten meters" in heard.replace("10", "ten"), output


@pytest.mark.parametrize("scenario", TWO_TURNS)
def test_the_turn_after_it_failed_is_answered_too(tmp_path: Path, scenario: str) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 2.0}
    verdicts, output = converse(tmp_path, scenario, "goforward.wav", second)
    assert [closed.outcome for closed in verdicts] == [Outcome.ANSWERED] * 2, output
    assert {closed.by for closed in verdicts} <= TWO_TURNS[scenario], output


def test_what_the_service_says_unasked_is_heard_between_two_answers_and_accounted_for_f30(
    tmp_path: Path,
) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 6.0}
    actors = {
        "microphone": playing("goforward.wav", second),
        "simulator": {"options": {"scenario": "f30_unasked_remark"}},
    }
    config = write_config(tmp_path, {"actors": actors})
    with running(config, cwd=tmp_path) as pipeline:
        verdicts = [verdict(pipeline, index) for index in range(3)]
        assert pipeline.wait() == 0
    assert [closed.outcome for closed in verdicts] == [Outcome.ANSWERED] * 3, pipeline.output
    assert [is_unasked(closed.turn) for closed in verdicts] == [False, True, False]
    assert "are you still there" in recognise(tmp_path / "out" / "answer.wav"), pipeline.output
    assert "Are you still there?" in pipeline.output


def test_a_freeze_is_met_with_a_new_connection_before_another_backend_is_asked_f09(
    tmp_path: Path,
) -> None:
    actors = {
        "microphone": playing("goforward.wav", tail_s=600),
        "simulator": {"options": {"scenario": "f09_silent_freeze"}},
        "live": {"options": {"first_sound_timeout_s": 1.5}},
    }
    config = write_config(tmp_path, {"actors": actors, "route": {"first_sound_s": 60}})
    with running(config, cwd=tmp_path) as pipeline:
        closed = verdict(pipeline, 0)
        frozen, fresh = journal(pipeline)["sessions"]
        status = pipeline.until(lambda s: counter(s, "live", "faults_frozen") == 1, "the fault")
    assert (closed.outcome, closed.by) == (Outcome.ANSWERED, "live"), pipeline.output
    assert [turn["outcome"] for turn in fresh["turns"]] == ["answered"]
    assert frozen["turns"][0]["outcome"] == "broken"
    assert words(fresh["turns"][0]["heard"]) == "go forward ten meters"
    assert status.route is not None
    assert status.route.epoch == 1
