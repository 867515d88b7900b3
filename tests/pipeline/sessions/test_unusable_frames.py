"""A frame that an actor cannot use costs that frame, whatever came before and comes after."""

from __future__ import annotations

from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from pipeline.actor import Actor
from pipeline.errors import UnusableFrameError
from pipeline.frames import ActorState, UserText
from pipeline.ports import Out
from pipeline.sessions import unusable
from pipeline.testing import stage


class Picky(Actor):
    """Says again what it is told, unless that is a question."""

    outputs: ClassVar = {"said": Out((UserText,))}

    def on_text(self, frame: UserText) -> None:
        if frame.text.endswith("?"):
            raise UnusableFrameError(f"{frame.text} is a question")
        self.publish("said", frame)


def text(words: str) -> UserText:
    return UserText(turn="local:1", text=words)


def test_it_is_dropped_counted_and_told_once_and_the_next_is_taken() -> None:
    with capture_logs() as logs, stage(Picky) as picky:
        picky.send("text", *[text("what?")] * 50, text("that"))
        assert picky.expect("said", UserText).text == "that"
        assert picky.actor.counters["text.unusable"] == 50
        assert (picky.actor.state, picky.actor.detail) == (
            ActorState.DEGRADED,
            "what? is a question",
        )
    assert [each["event"] for each in logs].count("dropped what cannot be used") == 1


def test_the_actor_is_well_again_when_no_more_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unusable, "OVER_S", 0.02)
    with stage(Picky) as picky:
        for _ in range(2):
            picky.send("text", text("what?"))
            assert picky.actor.state is ActorState.DEGRADED
            picky.until(lambda: picky.actor.state is ActorState.READY)


def test_it_is_well_again_also_when_the_next_could_not_be_used_for_another_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unusable, "OVER_S", 0.02)
    with stage(Picky) as picky:
        picky.send("text", text("what?"), text("who?"))
        assert picky.actor.detail == "who? is a question"
        picky.until(lambda: picky.actor.state is ActorState.READY)


def test_what_the_actor_says_of_itself_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unusable, "OVER_S", 0.02)
    with stage(Picky) as picky:
        picky.send("text", text("what?"))
        picky.actor.set_state(ActorState.DEGRADED, "no device")
        picky.until(lambda: not picky.actor._session_work.unusable._problem)
        assert picky.actor.detail == "no device"
