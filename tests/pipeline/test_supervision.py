"""Real processes, killed, stopped, starved and misbehaving."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from supervised import (
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


@pytest.mark.parametrize("victim", ["relay", "sink"])
def test_a_killed_actor_is_back_and_its_consumers_have_lost_nothing_f18(
    tmp_path: Path, victim: str
) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        pid = pipeline.kill(victim, signal.SIGKILL)
        status = restarted(pipeline, victim)
        assert of(status, victim).pid != pid
        assert of(status, victim).last_exit == "killed by SIGKILL"
        assert [of(status, name).restarts for name in ("source", "relay", "sink")].count(0) == 2
        flowing(pipeline, beyond=before + 20)
    assert_complete(tmp_path)


def test_a_killed_source_goes_on_at_the_position_the_clock_says_f18(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        pipeline.kill("source", signal.SIGKILL)
        restarted(pipeline, "source")
        flowing(pipeline, beyond=before + 20)
        status = pipeline.status()
        assert gauge(status, "relay", "audio.lost") == 0
        assert gauge(status, "relay", "audio.duplicate") == 0
    got = positions(tmp_path)
    assert got == sorted(set(got)), "each once, in order"


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
    with running(config(tmp_path, chain(tmp_path), {"heartbeat_timeout_s": 2.5})) as pipeline:
        ready(pipeline)
        before = flowing(pipeline)
        pid = pipeline.kill("relay", signal.SIGSTOP)
        status = pipeline.until(lambda s: s.ready and of(s, "relay").restarts >= 1, "restarted")
        assert of(status, "relay").last_exit == "killed by SIGKILL"
        assert not psutil.pid_exists(pid)
        assert "relay is dumping" in pipeline.output
        assert "no sign of life for 2.5 s" in pipeline.output
        assert "most recent call first" in pipeline.output, "the stacks"
        flowing(pipeline, beyond=before + 20)
    assert_complete(tmp_path)


def test_an_actor_that_hangs_in_its_start_is_dumped_and_killed_at_its_deadline_f18(
    tmp_path: Path,
) -> None:
    actors = {"well": patient(), "ill": patient("hangs in start", startup_deadline_s=1)}
    with running(config(tmp_path, actors, {"stop_deadline_s": 0.3})) as pipeline:
        status = pipeline.until(lambda s: of(s, "ill").restarts >= 1, "restart")
        assert of(status, "ill").last_exit == "killed by SIGKILL"
        assert of(status, "well").phase == "running"
        assert of(status, "well").restarts == 0
        assert "ill is dumping" in pipeline.output
        assert "not ready within 1 s" in pipeline.output
        assert "in hang_here" in pipeline.output, "the stack shows where it hung"


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
        assert pipeline.output.count("this start went wrong") == 3, "each time with its reason"


def test_a_contained_neighbour_does_not_hold_up_the_restart_of_the_others_f18(
    tmp_path: Path,
) -> None:
    actors = chain(tmp_path)
    # It listens to the source and is listened to by the sink.
    actors["ill"] = actor(
        "Patient", inputs={"audio": "source.audio"}, options={"ailment": "exits in start"}
    )
    actors["sink"]["inputs"] = {"audio": ["relay.audio", "ill.audio"]}
    limits = {"intensity": 1, "contained_retry_s": 3600, "backoff_max_s": 0.05}
    with running(config(tmp_path, actors, limits)) as pipeline:
        pipeline.until(lambda s: of(s, "ill").phase == "contained", "containment")
        for victim in ("source", "sink"):
            pipeline.kill(victim, signal.SIGKILL)
            pipeline.until(
                lambda s, victim=victim: (
                    of(s, victim).restarts == 1 and of(s, victim).phase == "running"
                ),
                f"{victim} back",
            )
        # These had to wait in vain at their first start, when nobody knew.
        assert "source: going on without peers" not in pipeline.output
        assert pipeline.output.count("going on without peers") <= 2


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


def test_a_second_run_of_a_pipeline_is_refused_in_one_line_and_the_first_goes_on_f20(
    tmp_path: Path,
) -> None:
    path = config(tmp_path, chain(tmp_path))
    with running(path) as first:
        ready(first)
        folder = str(first.runtime_dir.parent.parent)
        with running(path, env={"XDG_RUNTIME_DIR": folder}) as second:
            assert second.wait() == 2
            (line,) = second.output.splitlines()
            assert line.startswith("error: supervisor already publishes at ")
            assert f"(process {first.process.pid})" in line
        flowing(first, beyond=flowing(first))
        assert all(each.restarts == 0 for each in first.status().actors)


def test_an_actor_past_its_memory_limit_is_restarted(tmp_path: Path) -> None:
    actors = {"fat": patient("eats memory", lives=1, memory_limit_mib=150)}
    with running(config(tmp_path, actors)) as pipeline:
        status = restarted(pipeline, "fat")
        assert of(status, "fat").last_exit == "killed by SIGKILL"
        assert "fat uses more memory than it may" in pipeline.output


@pytest.mark.parametrize("others", [0, 1])
def test_what_the_user_can_mend_ends_the_run_with_its_message_and_status_2(
    tmp_path: Path, others: int
) -> None:
    actors = {"ill": patient("no device"), **{f"well{i}": patient() for i in range(others)}}
    with running(config(tmp_path, actors)) as pipeline:
        assert pipeline.wait() == 2
        assert "error: ill: no such microphone 'x': plug it in" in pipeline.output.splitlines()
        assert "Traceback" not in pipeline.output


def test_the_same_error_after_it_had_worked_is_reported_and_it_is_tried_again(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, {"ill": patient("no device later"), "well": patient()})) as run:
        ready(run)
        run.kill("ill", signal.SIGKILL)
        run.until(lambda s: of(s, "ill").restarts >= 3, "tried again and again")
        assert of(run.status(), "well").restarts == 0
        assert "microphone 'x' is gone: plug it in" in run.output


def test_backends_that_can_never_answer_end_the_run_with_status_2_f5(tmp_path: Path) -> None:
    actors = {"source": actor("Source"), "live": actor("Backend", inputs={"audio": "source.audio"})}
    with running(config(tmp_path, actors, route={"backends": ["live"]})) as pipeline:
        assert pipeline.wait() == 2
        last = pipeline.output.splitlines()[-1]
        assert last == "error: live: API key not valid; set another key"


def test_an_exception_in_a_handler_restarts_the_actor_and_loses_nothing_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path, raise_once=True))) as pipeline:
        status = restarted(pipeline, "sink")
        assert of(status, "sink").last_exit == "exit status 1"
        flowing(pipeline)
        assert "the tenth frame is too much" in pipeline.output, "with its traceback"
    assert_complete(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_stops_the_actors_in_reverse_order_and_exits_with_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    diary = str(tmp_path / "diary")
    actors = {
        "one": patient(diary=diary, after=["two"]),
        "two": patient(diary=diary),
        "three": patient(diary=diary, after=["one"]),
    }
    with running(config(tmp_path, actors)) as pipeline:
        ready(pipeline)
        pipeline.process.send_signal(number)
        assert pipeline.wait() == 0
        assert pipeline.output.splitlines()[-1] == "ended: asked to stop"
    assert (tmp_path / "diary").read_text().splitlines() == [
        *("two started", "one started", "three started"),
        *("three stopped", "one stopped", "two stopped"),
    ]


def test_an_actor_that_does_not_stop_is_killed_at_its_deadline_and_the_others_stop_well(
    tmp_path: Path,
) -> None:
    diary = str(tmp_path / "diary")
    actors = {"well": patient(diary=diary), "ill": patient("hangs in stop")}
    with running(config(tmp_path, actors, {"stop_deadline_s": 0.3})) as pipeline:
        ready(pipeline)
        pipeline.process.send_signal(signal.SIGTERM)
        assert pipeline.wait() == 0
    assert (tmp_path / "diary").read_text().splitlines() == ["well started", "well stopped"]


def test_asked_to_end_while_it_is_still_starting_it_ends_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        pipeline.until(lambda s: all(each.phase == "starting" for each in s.actors), "starting")
        pipeline.process.send_signal(signal.SIGTERM)
        assert pipeline.wait() == 0


def test_it_ends_after_its_duration_and_tells_systemd_how_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        path = config(tmp_path, {"well": patient()})
        with running(path, "--duration", "2.5", env=env) as pipeline:
            assert pipeline.wait() == 0
            assert pipeline.output.splitlines()[-1] == "ended: 2.5 s are over"
        said = [systemd.recv(100).decode()]
        while said[-1] != "STOPPING=1":
            said.append(systemd.recv(100).decode())
    assert said.count("READY=1") == 1
    assert said.count("WATCHDOG=1") >= 2


def test_it_ends_by_itself_when_its_sources_have_ended(tmp_path: Path) -> None:
    actors = chain(tmp_path)
    actors["source"]["options"] = {"blocks": 30}
    with running(config(tmp_path, actors)) as pipeline:
        assert pipeline.wait() == 0
        assert "every source has ended" in pipeline.output.splitlines()[-1]
    got = positions(tmp_path)
    assert got == list(range(got[0], got[0] + 30))


def test_the_checkpoint_is_handed_back_after_a_kill_however_large_and_whatever_is_in_it_f18(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, {"well": patient(ballast_bytes=1_000_000)})) as pipeline:
        for lives in (1, 2, 3):
            status = restarted(pipeline, "well", lives - 1)
            assert gauge(status, "well", "lives") == lives
            health = of(status, "well").health
            assert health is not None
            assert len(health.checkpoint["ballast"]) == 1_000_000
            pipeline.kill("well", signal.SIGKILL)


def test_an_actor_starts_after_another_is_ready_even_if_that_one_feeds_it(
    tmp_path: Path,
) -> None:
    actors = chain(tmp_path)
    actors["relay"]["after"] = ["sink"]
    actors["sink"]["after"] = ["first"]
    actors["source"]["after"] = ["relay"]
    actors["first"] = patient(diary=str(tmp_path / "diary"))
    with running(config(tmp_path, actors)) as pipeline:
        ready(pipeline)
        flowing(pipeline)
        assert "going on without peers" not in pipeline.output


class Stranger:
    """Publishes in place of an actor, with nothing but pyzmq and msgpack."""

    def __init__(self, pipeline: RunningPipeline, name: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._socket.bind(ipc_address(pipeline.runtime_dir, name))

    def __enter__(self) -> Stranger:
        """Wait for the first listener."""
        self._socket.setsockopt(zmq.RCVTIMEO, 60_000)
        while self._socket.recv() != b"\x01audio":
            pass
        return self

    def __exit__(self, *_exc: object) -> None:
        self._context.destroy(linger=0)

    def send(self, *parts: bytes) -> None:
        self._socket.send_multipart(parts)

    def send_block(self, position: int) -> None:
        fields = {"v": 1, "type": "audio", "position": position, "pcm": bytes(640)}
        self.send(b"audio", msgpack.packb(fields))


def test_somebody_else_can_publish_in_place_of_an_actor(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path)), "--external", "source") as pipeline:
        status = ready(pipeline)
        assert of(status, "source").phase == "external"
        assert of(status, "source").pid is None
        with Stranger(pipeline, "source") as stranger:
            for position in range(50):
                stranger.send_block(position)
            assert flowing(pipeline, beyond=48) == 49
    assert positions(tmp_path) == list(range(50))


def test_nobody_waits_for_an_external_consumer(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path)), "--external", "sink") as pipeline:
        ready(pipeline)
        pipeline.frame("relay", "audio", lambda frame: True)
        assert "going on without peers" not in pipeline.output


def test_a_flood_of_garbage_leaves_the_actor_alive_and_makes_one_line_of_log_f22(
    tmp_path: Path,
) -> None:
    garbage = [
        (b"audio", b"\xc1"),
        (b"audio", os.urandom(2000)),
        (b"audio", msgpack.packb({"v": 2, "type": "audio", "position": 0, "pcm": b""})),
        (b"audio", msgpack.packb({"v": 1, "type": "image", "jpeg": b"", "width": 1, "height": 1})),
        (b"audio",),
        (b"audio", b"", b""),
        (b"audio\xff", b"not for anybody"),
        (b"audio", bytes(1_000_000)),
    ]
    with running(config(tmp_path, chain(tmp_path)), "--external", "source") as pipeline:
        ready(pipeline)
        with Stranger(pipeline, "source") as stranger:
            for position in range(200):
                for parts in garbage:
                    stranger.send(*parts)
                stranger.send_block(position)
            flowing(pipeline, beyond=198)
            status = pipeline.until(
                lambda s: gauge(s, "relay", "garbage") == 200 * (len(garbage) - 1), "all counted"
            )
        assert all(each.restarts == 0 for each in status.actors)
        assert pipeline.output.count("dropped what is no frame of this schema") == 1
    assert positions(tmp_path) == list(range(200))


def test_the_status_stream_shows_a_healthy_pipeline(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        status = ready(pipeline)
        assert isinstance(status, Status)
        assert [each.actor for each in status.actors] == ["source", "relay", "sink"]
        for each in status.actors:
            assert (each.phase, each.restarts, each.last_exit) == ("running", 0, "")
            assert each.health is not None
            assert each.health.state is ActorState.READY
            assert each.health.pid == each.pid
