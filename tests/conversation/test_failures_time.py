"""Frames that are old, and a wall clock that is set while people talk."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from helpers import BLOCK, Microphone, Typist, counter, playing, said, verdict, words, write_config

from pipeline.frames import Outcome
from pipeline.testing import running

TOO_OLD_NS = 60_000_000_000
"""Twice as old as any backend takes sound."""
HOUR_S = 3600.0

STEPPED_CLOCK = '''
"""Wall time, off by as many seconds as a file says."""
import os, time

_time, _time_ns = time.time, time.time_ns


def _off_s():
    try:
        with open(os.environ["CLOCK_OFFSET_FILE"]) as file:
            return float(file.read() or 0)
    except OSError:
        return 0.0


time.time = lambda: _time() + _off_s()
time.time_ns = lambda: _time_ns() + int(_off_s() * 1e9)
'''


def test_sound_that_grew_old_on_its_way_is_counted_and_what_is_said_next_is_answered_f17(
    tmp_path: Path,
) -> None:
    config = write_config(tmp_path, {})
    with running(config, "--external", "microphone", cwd=tmp_path) as pipeline:
        with Microphone(pipeline) as microphone:
            microphone.send(bytes(100 * BLOCK * 2), TOO_OLD_NS)
            for backend in ("live", "http", "device"):
                pipeline.until(
                    lambda s, name=backend: counter(s, name, "audio.expired") == 100,
                    f"{backend} counting what expired",
                )
            microphone.send(said("cards-001.wav"), 0)
            closed = verdict(pipeline, 0)
        status = pipeline.status()
    assert (closed.outcome, closed.by) == (Outcome.ANSWERED, "live"), pipeline.output
    assert words(closed.said) == "ten of clubs"
    assert {counter(status, name, "audio.expired") for name in ("live", "http", "device")} == {100}
    assert all(each.restarts == 0 for each in status.actors)


def test_a_backend_that_stood_still_catches_up_and_answers_f17(tmp_path: Path) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 1.0}
    actors = {
        "microphone": playing("cards-003.wav", second, tail_s=600),
        # Nobody takes it for hung: this is about what waits for it meanwhile.
        "live": {"heartbeat_timeout_s": 120},
    }
    # Nor is another backend to answer meanwhile.
    config = write_config(
        tmp_path, {"actors": actors, "route": {"first_sound_s": 60, "degraded_s": 60}}
    )
    with running(config, cwd=tmp_path) as pipeline:
        first = verdict(pipeline, 0)
        pipeline.kill("live", signal.SIGSTOP)
        pipeline.until(lambda s: counter(s, "vad", "turns") == 2 and s.turns_open == 1, "a turn")
        pipeline.frame(
            "vad", "speech", lambda frame: frame.type_name == "speech_ended" and frame.seq > 2
        )
        pipeline.kill("live", signal.SIGCONT)
        closed = verdict(pipeline, 1)
        status = pipeline.status()
    assert [first.by, closed.by] == ["live", "live"], pipeline.output
    assert words(closed.said) == "ten of clubs"
    assert counter(status, "live", "audio.lost") == 0
    assert all(each.restarts == 0 for each in status.actors)


def _clock_that_can_be_set(folder: Path) -> dict[str, Any]:
    """Environment in which every Python process takes its wall time from `set_clock`."""
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(STEPPED_CLOCK)
    return {
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(folder / "clock"), os.environ.get("PYTHONPATH", "")])
        ),
        "CLOCK_OFFSET_FILE": str(folder / "clock" / "offset_s"),
    }


def _set_clock(folder: Path, offset_s: float) -> None:
    new = folder / "clock" / "new"
    new.write_text(str(offset_s))
    new.rename(folder / "clock" / "offset_s")


def test_a_clock_that_is_set_back_and_forth_changes_nothing_f27(tmp_path: Path) -> None:
    """The processes see another wall time through a `sitecustomize` on their path."""
    env = _clock_that_can_be_set(tmp_path)
    with Typist(tmp_path) as typist:
        actors = {**typist.actors("live"), "microphone": playing("cards-001.wav", tail_s=600)}
        config = write_config(tmp_path, {"actors": actors})
        with running(config, env=env, cwd=tmp_path) as pipeline:
            closed = [verdict(pipeline, 0)]
            for index, offset_s in enumerate((3 * HOUR_S, -24 * HOUR_S, 400 * HOUR_S), 1):
                _set_clock(tmp_path, offset_s)
                typist.type(f"This is number {index}.")
                closed.append(verdict(pipeline, index))
            status = pipeline.status()
    assert [each.outcome for each in closed] == [Outcome.ANSWERED] * 4, pipeline.output
    assert {each.by for each in closed} == {"live"}, pipeline.output
    assert status.route is not None
    assert (status.route.owner, status.route.epoch) == ("live", 1)
    assert all((each.restarts, each.phase) == (0, "running") for each in status.actors)
    assert 0 < status.uptime_s < HOUR_S
    assert all(0 < (each.first_sound_ms or 0) < HOUR_S * 1000 for each in closed)


def test_an_actor_restarted_after_the_clock_was_set_back_is_heard_f27(tmp_path: Path) -> None:
    env = _clock_that_can_be_set(tmp_path)
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 2.0}
    actors = {"microphone": playing("cards-003.wav", second, tail_s=600)}
    with running(write_config(tmp_path, {"actors": actors}), env=env, cwd=tmp_path) as pipeline:
        first = verdict(pipeline, 0)
        _set_clock(tmp_path, -24 * HOUR_S)
        pipeline.kill("vad", signal.SIGKILL)
        closed = verdict(pipeline, 1)
    assert [first.outcome, closed.outcome] == [Outcome.ANSWERED] * 2, pipeline.output
    assert words(closed.said) == "ten of clubs"
