"""Real processes, killed, stopped, starved and misbehaving."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
from supervised import (
    actor,
    chain,
    config,
    flowing,
    gauge,
    of,
    patient,
    positions,
    ready,
    restarted,
)

from pipeline.testing import RunningPipeline, running


def assert_complete(folder: Path) -> None:
    """Every position from the first to the last was heard, however often."""
    got = set(positions(folder))
    missing = set(range(min(got), max(got))) - got
    assert not missing, f"lost: {sorted(missing)}"


def server_of(pipeline: RunningPipeline) -> psutil.Process:
    """The fork server: the one child of the supervisor."""
    (server,) = psutil.Process(pipeline.process.pid).children()
    return server


def test_each_actor_killed_in_turn_is_back_and_its_consumers_have_lost_nothing_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        for victim in ("sink", "relay"):
            pid = pipeline.kill(victim, signal.SIGKILL)
            status = restarted(pipeline, victim)
            assert of(status, victim).pid != pid
            assert of(status, victim).last_exit == "killed by SIGKILL"
            before = flowing(pipeline, beyond=before + 20)
        assert_complete(tmp_path)
        pipeline.kill("source", signal.SIGKILL)
        restarted(pipeline, "source")
        # The source has gone on at the position the clock says, not at 0 again.
        flowing(pipeline, beyond=before + 20)
        status = pipeline.status()
        assert gauge(status, "relay", "audio.lost") == 0
        assert gauge(status, "relay", "audio.duplicate") == 0
        assert [each.restarts for each in status.actors] == [1, 1, 1], "and nobody else"


def test_all_actors_killed_at_once_are_all_back_f18(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        for pid in [each.pid for each in pipeline.status().actors]:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        pipeline.until(
            lambda s: s.ready and all(each.restarts == 1 for each in s.actors), "all back"
        )
        flowing(pipeline, beyond=before + 20)


def test_a_stopped_actor_is_dumped_killed_and_started_again_f18(tmp_path: Path) -> None:
    actors = chain(tmp_path)
    actors["relay"]["heartbeat_timeout_s"] = 2
    with running(config(tmp_path, actors)) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        pid = pipeline.kill("relay", signal.SIGSTOP)
        status = pipeline.until(lambda s: s.ready and of(s, "relay").restarts >= 1, "restarted")
        assert of(status, "relay").last_exit == "killed by SIGKILL"
        assert not psutil.pid_exists(pid)
        assert "relay is dumping" in pipeline.output
        assert "no sign of life for 2 s" in pipeline.output
        assert "most recent call first" in pipeline.output, "the stacks"
        flowing(pipeline, beyond=before + 20)
    assert_complete(tmp_path)


def test_an_actor_that_hangs_in_its_start_is_killed_at_its_deadline_and_a_slow_one_is_not_f18(
    tmp_path: Path,
) -> None:
    enough = tmp_path / "enough"
    actors = {
        "well": patient(),
        "ill": patient("hangs in start", startup_deadline_s=1),
        "slow": patient("works in start", works_until=str(enough), startup_deadline_s=1),
    }
    with running(config(tmp_path, actors, {"stop_deadline_s": 0.3})) as pipeline:
        status = pipeline.until(
            lambda s: (
                of(s, "ill").restarts >= 2
                and of(s, "well").phase == "running"
                # Not in the first stack, if this machine takes a second to fork.
                and "in hang_here" in pipeline.output
            ),
            "restart, with a stack that shows where it hung",
        )
        assert of(status, "ill").last_exit == "killed by SIGKILL"
        assert of(status, "well").restarts == 0
        assert "ill is dumping" in pipeline.output
        assert "not ready within" in pipeline.output
        # Twice its deadline is over for the other too, which worked all the while.
        assert (of(status, "slow").phase, of(status, "slow").restarts) == ("starting", 0)
        enough.touch()
        status = pipeline.until(lambda s: of(s, "slow").phase == "running", "slow is ready")
        assert of(status, "slow").restarts == 0


def test_a_crash_loop_is_contained_and_reported_while_the_rest_goes_on_f18(
    tmp_path: Path,
) -> None:
    limits = {"intensity": 2, "contained_retry_s": 3600, "backoff_max_s": 0.05}
    with running(
        config(tmp_path, {"ill": patient("raises in start"), **chain(tmp_path)}, limits)
    ) as pipeline:
        status = pipeline.until(lambda s: of(s, "ill").phase == "contained", "containment")
        assert of(status, "ill").restarts == 2
        assert of(status, "ill").last_exit == "exit status 1"
        assert not status.ready
        flowing(pipeline, beyond=flowing(pipeline) + 20)
        assert "ill is contained" in pipeline.output
        assert pipeline.output.count("RuntimeError: this start went wrong") == 3


def test_a_contained_neighbour_does_not_hold_up_the_restart_of_the_others_f18(
    tmp_path: Path,
) -> None:
    actors = chain(tmp_path)
    # It listens to the source, and the sink listens to it.
    actors["ill"] = actor(
        "Patient", inputs={"audio": "source.audio"}, options={"ailment": "no device later"}
    )
    actors["sink"]["inputs"] = {"audio": ["relay.audio", "ill.audio"]}
    limits = {"intensity": 1, "contained_retry_s": 3600, "backoff_max_s": 0.05}
    with running(config(tmp_path, actors, limits)) as pipeline:
        ready(pipeline)
        pipeline.kill("ill", signal.SIGKILL)
        pipeline.until(lambda s: of(s, "ill").phase == "contained", "containment")
        for victim in ("source", "sink"):
            pid = pipeline.kill(victim, signal.SIGKILL)
            pipeline.until(
                lambda s, victim=victim, pid=pid: (
                    of(s, victim).pid != pid and of(s, victim).phase == "running"
                ),
                f"{victim} back",
            )
        assert "going on without peers" not in pipeline.output


def test_the_fork_server_killed_takes_its_actors_along_and_all_are_back_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        old = pipeline.processes()[1:]
        server_of(pipeline).kill()
        pipeline.until(
            lambda s: s.ready and all(each.restarts == 1 for each in s.actors), "all back"
        )
        flowing(pipeline, beyond=before + 20)
        _, alive = psutil.wait_procs(old, timeout=30)
        assert not alive
        assert "the fork server is gone" in pipeline.output


def test_a_preload_that_raises_is_logged_with_its_actor_and_holds_up_nobody_f18(
    tmp_path: Path,
) -> None:
    (tmp_path / "broken_on_import.py").write_text("raise ValueError('broken')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    actors = {"careless": actor("Careless"), **chain(tmp_path)}
    with running(config(tmp_path, actors), env={"PYTHONPATH": path}) as pipeline:
        status = ready(pipeline)
        assert [each.restarts for each in status.actors] == [0, 0, 0, 0]
        flowing(pipeline)
        assert "careless preloads broken_on_import, which cannot be imported" in pipeline.output
        assert "ValueError('broken')" in pipeline.output


def test_nothing_survives_a_killed_supervisor_and_the_next_run_finds_all_free_f19(
    tmp_path: Path,
) -> None:
    path = config(tmp_path, chain(tmp_path))
    with running(path) as first:
        ready(first)
        flowing(first)
        family = first.processes()
        assert len(family) == 5, "supervisor, fork server, three actors"
        first.process.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive
        folder = str(first.runtime_dir.parent.parent)
        with running(path, env={"XDG_RUNTIME_DIR": folder}) as second:
            assert second.runtime_dir == first.runtime_dir
            ready(second)
            flowing(second)


def test_an_actor_past_its_memory_limit_is_restarted(tmp_path: Path) -> None:
    actors = {"fat": patient("eats memory", lives=1, memory_limit_mib=150)}
    with running(config(tmp_path, actors)) as pipeline:
        status = restarted(pipeline, "fat")
        assert of(status, "fat").last_exit == "killed by SIGKILL"
        assert "fat uses more memory than it may" in pipeline.output


def test_an_exception_in_a_handler_restarts_the_actor_and_loses_nothing_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path, raise_once=True))) as pipeline:
        status = restarted(pipeline, "sink")
        assert of(status, "sink").last_exit == "exit status 1"
        flowing(pipeline)
        assert "the tenth frame is too much" in pipeline.output, "with its traceback"
    assert_complete(tmp_path)


def test_the_checkpoint_is_handed_back_after_a_kill_however_large_and_whatever_is_in_it_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, {"well": patient(ballast_bytes=1_000_000)})) as pipeline:
        for lives in (1, 2, 3):
            status = restarted(pipeline, "well", lives - 1)
            assert gauge(status, "well", "lives") == lives
            assert gauge(status, "well", "handed_back") == (0 if lives == 1 else 1_000_000)
            pipeline.kill("well", signal.SIGKILL)
