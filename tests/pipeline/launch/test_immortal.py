"""Pages of what was imported before a fork stay shared, where the interpreter can do that."""

from __future__ import annotations

import subprocess
import sys

from pipeline.launch.immortal import can_be_immortal

IN_A_FORKED_CHILD = """
import gc, os, re, sys
from pathlib import Path
from pipeline.launch.immortal import make_immortal

def copied_kib():
    text = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(r"Private_Dirty: *([0-9]+)", text)[1])

inherited = [[object()] for _ in range(100_000)]
print(sys.argv[1] == "immortal" and make_immortal(), flush=True)
gc.freeze()
pid = os.fork()
if pid == 0:
    before_kib = copied_kib()
    for each in inherited:
        pass
    print(copied_kib() - before_kib, flush=True)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
COUNTS = """
import sys
from pipeline.launch.immortal import make_immortal

def function():
    return lambda: (1.5, "a constant")

class Class:
    pass

things = [function, function.__code__, Class, Class.__dict__]
plain = {"key": "value " * 2}
before = [sys.getrefcount(thing) for thing in things]
done = make_immortal()
after = [sys.getrefcount(thing) for thing in things]
more = [things, things[0], things[1], things[2], plain]
assert (after == [0xFFFFFFFF] * len(things)) == done, (before, after)
assert not done or [sys.getrefcount(thing) for thing in things] == after
made_later = object()
assert sys.getrefcount(made_later) == 2
assert Class() is not Class() and function()() == (1.5, "a constant") and plain["key"]
print(done)
"""


def run(script: str, *arguments: str) -> str:
    """Run it in an interpreter of its own, which alone has objects that are never freed."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_child_that_only_reads_copies_next_to_nothing_where_objects_can_be_immortal() -> None:
    immortal, copied_kib = run(IN_A_FORKED_CHILD, "immortal").split()
    assert immortal == str(can_be_immortal())
    # 100 000 lists of one object take 8 MiB.
    if can_be_immortal():
        assert int(copied_kib) < 1024
    else:
        assert int(copied_kib) > 4 * 1024


def test_a_child_copies_what_is_counted() -> None:
    immortal, copied_kib = run(IN_A_FORKED_CHILD, "counted").split()
    assert immortal == "False"
    assert int(copied_kib) > 4 * 1024


def test_functions_their_code_and_classes_are_not_counted_any_more_and_work() -> None:
    assert run(COUNTS) == str(can_be_immortal())
