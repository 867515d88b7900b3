"""Decisions without a network: scenario rules, brain, speech detection, pacing."""

import asyncio
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulating import MOVE, recording

from actors.lib.speech.voices import spoken_in
from actors.simulator import brain
from actors.simulator.actions import Quota
from actors.simulator.activity import Detection, SpeechDetector, UtteranceEnded, UtteranceStarted
from actors.simulator.brain import CallTool, Pictures, Speak, SpeakOutcome
from actors.simulator.conversation import ConversationEntry
from actors.simulator.options import SimulatorOptions
from actors.simulator.pacing import AT_ONCE, Pacing, pieces
from actors.simulator.rule_matcher import RuleMarks, RuleMatcher
from actors.simulator.scenario import load_scenario, parse_scenario, scenario_names
from actors.simulator.stt import make_stt
from actors.simulator.tts import make_tts
from pipeline.errors import ConfigError

NOON = datetime(2026, 11, 21, 12, 0)
LAMP = {
    "name": "switch_light",
    "parameters": {
        "type": "OBJECT",
        "properties": {
            "room": {"type": "STRING", "enum": ["kitchen", "living_room"]},
            "on": {"type": "BOOLEAN"},
        },
    },
}


def matching(*rules: dict[str, Any], seed: int = 0) -> RuleMatcher:
    return RuleMatcher(parse_scenario({"rules": list(rules)}, "test"), seed)


@pytest.mark.parametrize("name", scenario_names())
def test_scenario_that_comes_along_loads(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.rules
    assert scenario.description


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"rules": [{"when": "conect", "do": ["cut"]}]}, "did you mean 'connect'"),
        ({"rules": [{"when": "setup", "do": ["stal"]}]}, "did you mean 'stall'"),
        ({"rules": [{"when": "connect", "do": ["quota"]}]}, "not possible at 'connect'"),
        ({"rules": [{"when": "setup", "do": ["http_quota"]}]}, "works only at: http"),
        ({"rules": [{"when": {"turn": "one"}, "do": ["cut"]}]}, "needs a number"),
        ({"rules": [{"when": {"http": "generate"}, "do": ["cut"]}]}, "generateContent"),
        ({"rules": [{"when": "setup", "do": ["cut"], "tims": 1}]}, "did you mean 'times'"),
        ({"rules": [{"when": "setup", "do": [{"close": "qota"}]}]}, "did you mean 'quota'"),
        ({"rules": [{"when": "setup", "do": [{"close": {}}]}]}, "either preset or code"),
        ({"rules": [{"when": "setup", "do": []}]}, "rules.0.do"),
        ({"rules": [{"do": ["cut"]}]}, "needs 'when'"),
        ({"ruls": []}, "did you mean 'rules'"),
    ],
)
def test_mistake_in_a_scenario_is_named(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_scenario(data, "mine.yaml")
    assert complaint in str(raised.value)
    assert "mine.yaml" in str(raised.value)


def test_unknown_scenario_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="f07_goaway_then_quiet"):
        load_scenario("f07_goaway_then_quit")
    with pytest.raises(ConfigError, match="cannot read"):
        load_scenario(tmp_path / "missing.yaml")


def test_rule_fires_as_often_and_where_it_says() -> None:
    chosen = matching(
        {"when": {"heard": "Hello"}, "times": 2, "do": ["quota"]},
        {"when": {"heard": "hello"}, "session": 2, "do": ["cut"]},
    )
    kinds = [
        [action.kind for action in chosen.fire("heard", session, "well, HELLO there")]
        for session in (1, 2, 1)
    ]
    assert kinds == [["quota"], ["quota", "cut"], []]
    assert chosen.fire("heard", 2, "good bye") == []


def test_threshold_fires_once_a_turn() -> None:
    chosen = matching({"when": {"audio_ms": 500}, "do": ["quota"]})
    marks = RuleMarks()
    fired = [chosen.passed("audio_ms", 1, ms, marks) for ms in (480, 500, 520)]
    assert fired == [[], [Quota()], []]
    assert chosen.passed("audio_ms", 1, 600, RuleMarks()) == [Quota()]


def test_probability_is_seeded() -> None:
    rule = {"when": {"http": "any"}, "probability": 0.5, "do": ["cut"]}

    def fires(seed: int) -> list[int]:
        chosen = matching(rule, seed=seed)
        return [len(chosen.fire("http", 0, "models.list")) for _ in range(50)]

    assert fires(1) == fires(1) != fires(2)
    assert 10 < sum(fires(1)) < 40


@pytest.mark.parametrize(
    ("heard", "tool", "expected"),
    [
        ("Go forward ten meters.", MOVE, {"direction": "forward", "distance_m": 10}),
        ("Drive back 2.5 meters", MOVE, {"direction": "backward", "distance_m": 2.5}),
        (
            "Please switch on the light in the living room",
            LAMP,
            {"room": "living_room", "on": True},
        ),
        ("Turn off the kitchen light.", LAMP, {"room": "kitchen", "on": False}),
        ("Ten of clubs.", MOVE, None),
        ("Go forward.", MOVE, None),
        ("Go forward ten meters.", LAMP, None),
    ],
)
def test_command_calls_a_tool_only_if_it_fits(
    heard: str, tool: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    steps = brain.answer(heard, [tool], [], Pictures(), NOON)
    if expected is None:
        assert steps == [Speak(f"You said: {heard}")]
    else:
        assert steps == [CallTool(tool["name"], expected), SpeakOutcome()]


@pytest.mark.parametrize(
    ("args", "response", "expected"),
    [
        (
            {"direction": "forward", "distance_m": 10},
            {"result": "ok"},
            "Moving forward ten meters.",
        ),
        ({"direction": "left", "distance_m": 1}, None, "Moving left one meter."),
        ({"direction": "left"}, {"error": "wheel stuck"}, "That did not work: wheel stuck."),
    ],
)
def test_outcome_of_a_tool_is_said(args: dict[str, Any], response: Any, expected: str) -> None:
    assert brain.outcome("move", args, response) == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("What time is it?", "It is 12:00."),
        ("What did I say?", "Before that you said: Second."),
        ("And the first one?", "The first thing you said was: First."),
        ("What about the fifth one?", "There is no fifth one yet."),
        ("What do you see?", "I have not received any picture."),
        ("", "I did not hear any words."),
    ],
)
def test_question_is_answered_from_the_conversation(heard: str, expected: str) -> None:
    history = [
        ConversationEntry("user", "First."),
        ConversationEntry("model", "Yes."),
        ConversationEntry("user", "Second."),
    ]
    assert brain.answer(heard, [MOVE], history, Pictures(), NOON) == [Speak(expected)]


def test_what_is_dictated_is_said_and_not_done() -> None:
    heard = "They said: 'Go forward.' Say this, word for word and nothing else: Going forward."
    assert brain.answer(heard, [MOVE], [], Pictures(), NOON) == [Speak("Going forward.")]


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_speech_is_found_alike_whatever_the_blocks(sizes: list[int]) -> None:
    audio = bytes(32_000) + recording("cards-001.wav") + bytes(32_000)
    whole = SpeechDetector(16_000, Detection(silence_ms=500)).feed(audio)
    in_blocks = SpeechDetector(16_000, Detection(silence_ms=500))
    events: list[object] = []
    position = 0
    while position < len(audio):
        for size in sizes:
            events += in_blocks.feed(audio[position : position + 2 * size])
            position += 2 * size
    assert events == whole
    started, ended = whole
    assert isinstance(started, UtteranceStarted)
    assert isinstance(ended, UtteranceEnded)
    assert ended.pcm in audio


def test_silence_is_no_speech_and_flush_ends_an_utterance() -> None:
    detector = SpeechDetector(16_000, Detection(silence_ms=800))
    assert detector.feed(bytes(64_000)) == []
    assert detector.flush() == []
    assert len(detector.feed(recording("cards-003.wav"))) == 1
    (ended,) = detector.flush()
    assert isinstance(ended, UtteranceEnded)


@given(size=st.integers(0, 200_000), seed=st.integers())
def test_pieces_are_the_whole_answer_at_the_stated_speed(size: int, seed: int) -> None:
    pcm = bytes(2 * size)
    cut = list(pieces(pcm, Pacing(3, 8), random.Random(seed)))
    assert b"".join(piece.pcm for piece in cut) == pcm
    duration_s = len(pcm) / 48_000
    total_s = sum(piece.gap_s for piece in cut)
    assert duration_s / 8 - 1e-6 <= total_s <= duration_s / 3 + 1e-6
    assert not sum(piece.gap_s for piece in pieces(pcm, AT_ONCE, random.Random(seed)))


@pytest.mark.parametrize("names", [("stt", "tts"), ("ears", "voice")])
def test_speech_options_have_their_former_names_too(names: tuple[str, str]) -> None:
    options = SimulatorOptions.model_validate(dict(zip(names, ("none", "tone"), strict=True)))
    assert (options.stt, options.tts) == ("none", "tone")


def test_rule_lets_the_first_events_pass() -> None:
    rules = matching({"when": {"http": "words"}, "skip": 2, "times": 1, "do": ["http_quota"]})
    fired = [bool(rules.fire("http", 0, ("words", "any"))) for _ in range(5)]
    assert fired == [False, False, True, False, False]


def test_what_is_heard_can_be_said_in_any_language() -> None:
    stt = make_stt("script", ["कितने बजे हैं?", "كم الساعة؟"])
    heard = [asyncio.run(stt.hear(b"", 16_000)) for _ in range(3)]
    assert heard == ["कितने बजे हैं?", "كم الساعة؟", ""]


def test_a_sentence_is_spoken_in_the_language_of_its_script_or_the_one_that_is_named() -> None:
    async def say(language: str, sentence: str) -> bytes:
        tts = make_tts("voices", 0, language)
        try:
            return await tts.speak(sentence)
        finally:
            await tts.stop()

    for language, sentence, expected in (
        ("de", "Guten Tag.", "de"),
        ("de", "مرحبا.", "ar"),
        ("hi-IN", "नमस्ते।", "hi-IN"),
        ("ja", "東京。", "ja"),
    ):
        assert asyncio.run(say(language, sentence)) == spoken_in(sentence, expected)
