"""Real processes: how a run begins and ends, and who else may take part."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgpack
import psutil
import pytest
from supervised import (
    Stranger,
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

from pipeline.config.description import read_description
from pipeline.frames import ActorState
from pipeline.frames.wire import MAX_FRAME_BYTES
from pipeline.testing import running


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


def test_what_the_user_can_mend_ends_the_run_with_its_message_and_status_2(
    tmp_path: Path,
) -> None:
    actors = {"ill": patient("no device"), "well": patient()}
    path = config(tmp_path, actors)
    with running(path) as pipeline:
        assert pipeline.wait() == 2
        (line,) = [each for each in pipeline.output.splitlines() if each.startswith("error: ")]
        assert line == f"error: {path}: actors.ill: no such microphone 'x': plug it in"
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


@contextmanager
def inherits(number: signal.Signals, handler: signal.Handlers) -> Iterator[None]:
    """Processes started within have a signal handled so."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


ENDED = {
    signal.SIGTERM: "ended: asked to stop",
    signal.SIGINT: "ended: asked to stop",
    signal.SIGHUP: "ended: its terminal was closed",
    signal.SIGQUIT: "ended: asked to stop, by SIGQUIT",
    signal.SIGUSR1: "ended: asked to stop, by SIGUSR1",
    signal.SIGUSR2: "ended: asked to stop, by SIGUSR2",
}


@pytest.mark.parametrize("number", ENDED)
def test_asked_to_end_it_stops_the_actors_in_reverse_order_and_exits_with_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    diary = str(tmp_path / "diary")
    actors = {
        "one": patient(diary=diary, after=["two"]),
        "two": patient(diary=diary),
        "three": patient(diary=diary, after=["one"]),
    }
    with ExitStack() as stack:
        # As a terminal starts it, also when these tests run under `nohup`.
        with inherits(number, signal.SIG_DFL):
            pipeline = stack.enter_context(running(config(tmp_path, actors)))
        ready(pipeline)
        # A terminal tells all processes that it started of Control-C, and of its end.
        for process in pipeline.processes() if number is not signal.SIGTERM else [pipeline.process]:
            # The first to hear of it may have ended another one meanwhile.
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        assert pipeline.wait() == 0
        assert pipeline.output.splitlines()[-1] == ENDED[number]
    assert (tmp_path / "diary").read_text().splitlines() == [
        *("two started", "one started", "three started"),
        *("three stopped", "one stopped", "two stopped"),
    ]


def test_started_by_nohup_it_outlives_its_terminal(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with inherits(signal.SIGHUP, signal.SIG_IGN):
            run = stack.enter_context(running(config(tmp_path, {"well": patient()})))
        ready(run)
        for process in run.processes():
            process.send_signal(signal.SIGHUP)
        run.kill("well", signal.SIGKILL)
        restarted(run, "well")


def test_a_parent_that_ignores_its_children_takes_nothing_from_it(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with inherits(signal.SIGCHLD, signal.SIG_IGN):
            run = stack.enter_context(running(config(tmp_path, {"well": patient()})))
        ready(run)
        run.kill("well", signal.SIGKILL)
        status = restarted(run, "well")
        assert of(status, "well").last_exit == "killed by SIGKILL"


def test_a_runtime_folder_that_is_removed_is_made_again_and_nobody_notices(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        flowing(pipeline)
        shutil.rmtree(pipeline.runtime_dir.parent)
        ready(pipeline)
        flowing(pipeline, beyond=flowing(pipeline))
        assert all(each.restarts == 0 for each in pipeline.status().actors), pipeline.output
        pipeline.kill("relay", signal.SIGKILL)
        restarted(pipeline, "relay")
        flowing(pipeline, beyond=flowing(pipeline))
        assert read_description(pipeline.runtime_dir).pipeline == "test"
        assert pipeline.runtime_dir.stat().st_mode & 0o777 == 0o700
    folder = pipeline.output.count("the runtime folder was removed")
    assert folder == 1, pipeline.output


def test_a_runtime_folder_that_cannot_be_made_again_ends_the_run_when_an_actor_needs_it(
    tmp_path: Path,
) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        ready(pipeline)
        relay = pipeline.pid("relay")
        folder = pipeline.runtime_dir.parent
        shutil.rmtree(folder)
        folder.write_text("in the place of the folder")
        os.kill(relay, signal.SIGKILL)
        assert pipeline.wait() == 2
        last = pipeline.output.splitlines()[-1]
        assert last.startswith(f"error: {pipeline.runtime_dir} was removed, and runtime_dir ")
        assert "Traceback" not in pipeline.output


def test_all_stopped_and_continued_nobody_is_to_blame(tmp_path: Path) -> None:
    limits = {"heartbeat_timeout_s": 1.5}
    with running(config(tmp_path, chain(tmp_path), limits)) as pipeline:
        ready(pipeline)
        flowing(pipeline)
        processes = pipeline.processes()
        for process in processes:
            process.suspend()
        # As long as somebody looks at something else before `fg`.
        threading.Event().wait(3.0)
        for process in processes:
            process.resume()
        flowing(pipeline, beyond=flowing(pipeline))
        assert all(each.restarts == 0 for each in pipeline.status().actors), pipeline.output
        assert "is dumping" not in pipeline.output
        assert "the supervisor stood still" in pipeline.output


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
    # Whoever did not hear it would be waited for. They start until they are told to end: what is
    # soon ready may be so before anybody has seen it start.
    slow = {name: patient("waits in start") for name in ("one", "two", "three")}
    with running(config(tmp_path, slow, {"stop_deadline_s": 3600})) as pipeline:
        pipeline.until(lambda s: all(each.phase == "starting" for each in s.actors), "starting")
        pipeline.process.send_signal(signal.SIGTERM)
        assert pipeline.wait() == 0


def test_it_ends_after_its_duration(tmp_path: Path) -> None:
    with running(config(tmp_path, {"well": patient()}), "--duration", "0.2") as pipeline:
        assert pipeline.wait() == 0
        assert pipeline.output.splitlines()[-1] == "ended: 0.2 s are over"


def test_systemd_is_told_that_it_is_ready_lives_reloads_and_stops(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        said: list[str] = []

        def hear(message: str) -> None:
            said.clear()
            while not said or not said[-1].startswith(message):
                said.append(systemd.recv(1000).decode())

        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "10000000"}
        actors = {"well": patient(), "ill": patient("raises in start")}
        path = config(tmp_path, actors)
        with running(path, env=env) as pipeline:
            # One that fails in its start, and is tried again, does not make the rest a failure.
            hear("READY=1")
            assert "STOPPING=1" not in said
            hear("STATUS=1 of 2 actors are ready, not yet ill")
            hear("WATCHDOG=1")

            path.write_text(path.read_text().replace("well:", "WELL:"))
            pipeline.process.send_signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            hear(f"STATUS=going on with the config as it was: {path}: actors")
            assert pipeline.actor("ill").restarts

            config(tmp_path, {"well": patient(), "second": patient()})
            pipeline.process.send_signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            assert "STOPPING=1" not in said
            longer, usual = (each for each in said if each.startswith("WATCHDOG_USEC="))
            assert int(longer.partition("=")[2]) >= 60_000_000
            assert usual == "WATCHDOG_USEC=10000000"
            hear("STATUS=every actor is ready")
            status = ready(pipeline)
            assert [each.actor for each in status.actors] == ["well", "second"]
            assert pipeline.process.poll() is None, "in the same process"

            pipeline.process.send_signal(signal.SIGTERM)
            hear("STOPPING=1")
            hear("EXTEND_TIMEOUT_USEC=")


def test_it_ends_by_itself_when_its_sources_have_ended(tmp_path: Path) -> None:
    actors = chain(tmp_path)
    actors["source"]["options"] = {"blocks": 30}
    with running(config(tmp_path, actors)) as pipeline:
        assert pipeline.wait() == 0
        assert "every source has ended" in pipeline.output.splitlines()[-1]
    got = positions(tmp_path)
    assert got == list(range(got[0], got[0] + 30))


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
        (b"audio", bytes(100_000)),
    ]
    with running(config(tmp_path, chain(tmp_path)), "--external", "source") as pipeline:
        ready(pipeline)
        with Stranger(pipeline, "source") as stranger:
            for position in range(200):
                for parts in garbage:
                    stranger.send(*parts)
                if position == 100:
                    stranger.send(b"audio", bytes(MAX_FRAME_BYTES + 1))
                stranger.send_block(position)
            flowing(pipeline, beyond=198)
            counted = 200 * (len(garbage) - 1) + 1
            status = pipeline.until(
                lambda s: gauge(s, "relay", "garbage") == counted, "all counted"
            )
        assert all(each.restarts == 0 for each in status.actors)
        assert pipeline.output.count("dropped what is no frame of this schema") == 1
    assert positions(tmp_path) == list(range(200))


def test_the_status_stream_shows_a_healthy_pipeline(tmp_path: Path) -> None:
    with running(config(tmp_path, chain(tmp_path))) as pipeline:
        status = ready(pipeline)
        assert [each.actor for each in status.actors] == ["source", "relay", "sink"]
        for each in status.actors:
            assert (each.phase, each.restarts, each.last_exit) == ("running", 0, "")
            assert each.health is not None
            assert each.health.state is ActorState.READY
            assert each.health.pid == each.pid


def test_what_a_terminal_cannot_show_ends_neither_an_actor_nor_a_command(tmp_path: Path) -> None:
    with running(
        config(tmp_path, {"talker": actor("Talker")}), env={"PYTHONIOENCODING": "ascii"}
    ) as pipeline:
        assert pipeline.wait() == 0, pipeline.output
    assert "Gr?? Gott ?" in pipeline.output
    command = "from pipeline.cli.app import run_app; run_app(lambda **_: print('1172 → 1172 ms'))"
    printed = subprocess.run(
        [sys.executable, "-c", command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == "1172 ? 1172 ms\n"
