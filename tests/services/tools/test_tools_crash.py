"""What becomes of calls when the process of the actor is killed or stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

FUNCTIONS = """
import threading

started = threading.Event()

def add(a: int, b: int) -> int:
    return a + b

def hang() -> None:
    started.set()
    threading.Event().wait()
"""

LIFE = """
    import asyncio, sys
    from pathlib import Path
    from actors.services.tools import Tools
    from actors.services.tools.functions import load_function
    from pipeline.surroundings import Surroundings
    from pipeline.frames import ToolCall
    from pipeline.logs import configure
    from pipeline.testing import ActorHarness

    configure()
    folder = Path(sys.argv[1])
    actor = Tools(
        Tools.options_type(functions=["mine.py:hang", "mine.py:add"]),
        Surroundings(
            name="tools", runtime_dir=folder, config_dir=folder, state_dir=folder, started_ns=5
        ),
    )
    mine = load_function("mine.py:add", folder).__globals__
    staged = ActorHarness(actor, asyncio.new_event_loop())
    staged.begin()
    for name, call_id in (("add", "done"), ("hang", "cut off"), ("add", "new")):
        if call_id in sys.argv[2:]:
            args = {"a": 1, "b": 1} if name == "add" else {}
            staged.send("calls", ToolCall(turn="local:0", call_id=call_id, name=name, args=args))
"""


def life(folder: Path, calls: list[str], then: str) -> subprocess.Popen[str]:
    program = textwrap.dedent(LIFE) + textwrap.dedent(then)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder), *calls],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_a_call_cut_off_by_sigkill_is_answered_by_the_next_process_and_not_run_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    wait_until_it_runs = """
        staged.until(lambda: len(staged.sent["results"]) == 1, "the quick call is answered")
        staged.until(mine["started"].is_set, "it runs")
        print("running", flush=True)
        staged.until(lambda: False)
    """
    with life(tmp_path, ["done", "cut off"], wait_until_it_runs) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "running"
        os.kill(first.pid, signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL

    all_answered = """
        staged.until(lambda: len(staged.sent["results"]) == 2, "two answers")
        staged.settle()
        for result in staged.sent["results"]:
            print("result", result.call_id, result.status, result.response, sep="|", flush=True)
        print("ran", mine["started"].is_set())
        staged.finish()
    """
    with life(tmp_path, ["done", "cut off", "new"], all_answered) as second:
        assert second.stdout is not None
        lines = [line.strip() for line in second.stdout if line.startswith(("result", "ran"))]
    assert second.returncode == 0
    assert lines == [
        "result|cut off|error|"
        "{'error': 'the call was interrupted; it may or may not have happened'}",
        "result|new|ok|{'result': 2}",
        "ran False",
    ]


def test_a_hung_function_does_not_hold_up_the_exit_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    stop_while_it_hangs = """
        staged.until(mine["started"].is_set, "it runs")
        staged.finish()
    """
    with life(tmp_path, ["cut off"], stop_while_it_hangs) as process:
        assert process.wait(timeout=20) == 0


def test_a_call_of_a_session_that_ended_meanwhile_has_no_answer(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    cut_off = """
        staged.open("caller")
        call = ToolCall(session="caller", turn="caller:0", call_id="1", name="hang", args={})
        staged.send("calls", call)
        staged.until(mine["started"].is_set, "it runs")
        print("running", flush=True)
        staged.until(lambda: False)
    """
    with life(tmp_path, [], cut_off) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "running"
        os.kill(first.pid, signal.SIGKILL)
    the_same_name_again = """
        print("answered", len(staged.sent["results"]), flush=True)
        staged.open("caller")
        call = ToolCall(session="caller", turn="caller:0", call_id="1", name="add",
                        args={"a": 1, "b": 1})
        staged.send("calls", call)
        staged.until(lambda: staged.sent["results"], "an answer")
        print("then", staged.sent["results"][0].response, flush=True)
        staged.finish()
    """
    with life(tmp_path, [], the_same_name_again) as second:
        assert second.stdout is not None
        lines = [line.strip() for line in second.stdout if line.startswith(("answered", "then"))]
    assert lines == ["answered 0", "then {'result': 2}"]
