"""One conversation, whoever answers: what was said is known on both sides of a change of route."""

from __future__ import annotations

from pathlib import Path

import yaml
from helpers import Typist, journal, playing, verdict, words, write_config

from pipeline.frames import Outcome, Route
from pipeline.testing import running

SECOND_TURN_IS_EMPTY = [
    {"when": {"turn": 2}, "session": 1, "do": ["empty_turn"]},
]


def test_the_second_one_is_known_to_whoever_is_asked_for_it(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(yaml.safe_dump({"rules": SECOND_TURN_IS_EMPTY}))
    with Typist(tmp_path) as typist:
        actors = {
            **typist.actors("live", "http"),
            "microphone": playing("cards-001.wav", tail_s=600),
            "simulator": {"options": {"scenario": str(scenario)}},
        }
        config = write_config(tmp_path, {"actors": actors, "route": {"stable_s": 0.5}})
        with running(config, cwd=tmp_path) as pipeline:
            first = verdict(pipeline, 0)
            typist.type("What about the first one?")
            second = verdict(pipeline, 1)
            pipeline.frame(
                "supervisor",
                "route",
                lambda frame: (
                    isinstance(frame, Route) and frame.owner == "live" and frame.epoch > 1
                ),
            )
            typist.type("And what about the second one?")
            third = verdict(pipeline, 2)
            sessions = journal(pipeline)["sessions"]
    closed = [first, second, third]
    assert [each.outcome for each in closed] == [Outcome.ANSWERED] * 3, pipeline.output
    assert [each.by for each in closed] == ["live", "http", "live"], pipeline.output
    assert "ten of clubs" in words(second.answer)
    assert words(third.answer) == "the second thing you said was what about the first one"
    assert not sessions[-1]["resumed_from"]
    told = [(each["role"], words(each["text"])) for each in sessions[-1]["history"]]
    assert told == [
        ("user", "ten of clubs"),
        ("model", "you said ten of clubs"),
        ("user", "what about the first one"),
        ("model", words(second.answer)),
    ]
