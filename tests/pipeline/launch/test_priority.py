"""Priority of processes, as far as it is permitted."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from actors.inputs.microphone import Microphone
from actors.outputs.speaker import Speaker
from pipeline import priority
from pipeline.priority import NICENESS, Priority, take


def refused(*_: object) -> None:
    raise PermissionError


def in_a_process(code: str) -> str:
    """Return what is printed by a process of its own, so that ours stays as it is."""
    code = f"import os, threading\nfrom pipeline.priority import Priority, take\n{code}"
    return subprocess.check_output([sys.executable, "-c", code], text=True).strip()


def test_low_is_for_everybody() -> None:
    found = in_a_process("print(take(Priority.LOW), os.getpriority(os.PRIO_PROCESS, 0))")
    assert found == f"low {max(NICENESS[Priority.LOW], os.getpriority(os.PRIO_PROCESS, 0))}"


def test_real_time_that_is_refused_becomes_high_and_that_normal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    monkeypatch.setattr(priority.os, "setpriority", lambda *args: asked.append(args[2]))
    assert take(Priority.REALTIME) is Priority.HIGH
    assert asked == [NICENESS[Priority.HIGH]]
    monkeypatch.setattr(priority.os, "setpriority", refused)
    assert take(Priority.REALTIME) is Priority.NORMAL


def test_threads_started_later_have_it_too() -> None:
    """Where it is permitted, as for root; elsewhere both have what everybody has."""
    thread = "threading.Thread(target=lambda: print(os.sched_getscheduler(0)))"
    code = f"print(take(Priority.REALTIME), os.sched_getscheduler(0)); {thread}.start()"
    got, ours, theirs = in_a_process(code).split()
    assert ours == theirs
    assert (int(ours) == os.SCHED_RR) is (got == "realtime")


def test_sound_devices_come_first() -> None:
    assert {Microphone.priority, Speaker.priority} == {Priority.REALTIME}
