"""When a backend's sound is read as it comes, and when it may wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors import ACTORS
from pipeline.bus.pace import SoundPace
from pipeline.frames import EndReason, Frame, Route, SpeechEnded, SpeechStarted
from pipeline.registry import find_actor

PORTS = ("audio", "speech", "route")


def started(session: str = "local") -> Frame:
    return SpeechStarted(session=session, turn=f"{session}:0", position=0, at_ns=1)


def ended(session: str = "local") -> Frame:
    return SpeechEnded(
        session=session,
        turn=f"{session}:0",
        start_position=0,
        position=320,
        at_ns=1,
        reason=EndReason.SILENCE,
    )


def route(owner: str, session: str = "local") -> Frame:
    return Route(session=session, owner=owner, epoch=1, reason="test")


def pace_of(use: str, *connected: str) -> SoundPace:
    return SoundPace(use, find_actor(use, Path()).inputs, connected or PORTS)


@pytest.mark.parametrize("use", ["live", "http", "device"])
def test_a_backend_waits_for_sound_only_while_somebody_speaks(use: str) -> None:
    pace = pace_of(use)
    assert not pace.is_waited_for
    pace.on_frame(started())
    assert pace.is_waited_for
    pace.on_frame(started("caller"))
    pace.on_frame(ended())
    assert pace.is_waited_for
    pace.on_frame(ended("caller"))
    assert not pace.is_waited_for


def test_one_that_does_not_own_the_turns_does_not_wait_until_it_does() -> None:
    pace = pace_of("http")
    pace.on_frame(route("live"))
    pace.on_frame(started())
    assert not pace.is_waited_for
    pace.on_frame(route("http"))
    assert pace.is_waited_for
    pace.on_frame(route("live"))
    assert not pace.is_waited_for


def test_each_session_has_a_route_of_its_own_and_leaves_nothing_behind() -> None:
    pace = pace_of("http")
    for session in ("one", "other"):
        pace.on_frame(route("live", session))
        pace.on_frame(started(session))
    assert not pace.is_waited_for
    pace.on_frame(route("http", "other"))
    assert pace.is_waited_for
    pace.forget("other")
    assert not pace.is_waited_for
    pace.forget("one")
    pace.on_frame(started("one"))
    assert pace.is_waited_for


def test_with_turns_by_the_server_sound_never_waits() -> None:
    pace = pace_of("live", "audio", "route")
    assert pace.is_waited_for
    pace.on_frame(ended())
    assert pace.is_waited_for


@pytest.mark.parametrize("use", sorted(set(ACTORS) - {"live", "http", "device"}))
def test_nobody_but_a_backend_gets_its_sound_late(use: str) -> None:
    inputs = find_actor(use, Path()).inputs
    pace = pace_of(use, *inputs)
    assert pace.is_waited_for
    assert not any(pace.may_wait(spec) for spec in inputs.values())
