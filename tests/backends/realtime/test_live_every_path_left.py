"""A connection is entered and left on every path: a call whose Live fails leaves nothing behind.

What goes wrong is told with all that was known of the call at that moment.
"""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from live_server import KEY, Simulator, Talker, simulator, staged

from actors.backends.gemini.live.options import LiveOptions
from pipeline.frames import BackendState, BackendStatus, Fault
from pipeline.testing import ActorHarness

LABELS = {"provider": "twilio", "call": "CA1", "business": "bakery-7", "direction": "outbound"}
FAST = {"connect": {"first_s": 0.02, "max_s": 0.1}, "setup_timeout_s": 3.0, "close_timeout_s": 0.2}
CALLS, WARM = 4, 2
WAITING = 1
"""The task that counts."""
Harness = ActorHarness[LiveOptions]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def ready(live: Harness, session: str) -> None:
    live.expect(
        "status",
        BackendStatus,
        lambda f: f.session == session and f.state is BackendState.READY,
    )


def faulted(live: Harness, session: str) -> None:
    live.expect("faults", Fault, lambda f: f.session == session)


def answered(live: Harness, session: str) -> None:
    ready(live, session)
    Talker(live, session).say()
    live.until(lambda: bool(live.sent["audio"]), "an answer")
    live.sent["audio"].clear()


def broken_off(live: Harness, session: str) -> None:
    ready(live, session)
    Talker(live, session).say()
    faulted(live, session)


def dialled(live: Harness, session: str) -> None:
    """It is hung up before anything is known."""


PATHS: dict[str, tuple[list[dict[str, Any]], Callable[[Harness, str], None]]] = {
    "answered": ([], answered),
    "hung up at once": ([], dialled),
    "refused at the handshake": ([{"when": "connect", "do": [{"refuse": "denied"}]}], faulted),
    "closed at the setup": ([{"when": "setup", "do": [{"close": "internal"}]}], faulted),
    "nothing after the setup": ([{"when": "setup", "do": ["no_setup_reply"]}], faulted),
    "reset in mid-sentence": ([{"when": {"audio_ms": 200}, "do": ["cut"]}], broken_off),
    "no quota in mid-sentence": ([{"when": {"audio_ms": 200}, "do": ["quota"]}], broken_off),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_call_leaves_no_socket_and_no_task_whatever_became_of_its_connection(
    tmp_path: Path, log: io.StringIO, path: str
) -> None:
    rules, happens = PATHS[path]
    with (
        simulator(tmp_path, *rules) as server,
        staged(tmp_path, callers_only=True, **server.address, **FAST) as live,
    ):
        sockets, idle = counted(live)
        tasks = idle
        for number in range(CALLS):
            session = f"call{number}"
            live.open(session, labels=LABELS)
            # After a fault of the whole service the next ones are not even connected.
            if not number and happens is dialled:
                answered(live, session)
            elif not number or happens is answered:
                happens(live, session)
            live.end(session)
            live.until(lambda: is_left(server), "the end of its connection")
            if number < WARM:
                # What the first ones load and connect is kept for all.
                live.until(lambda: counted(live)[1] <= idle + WAITING, "the end of its tasks")
                sockets, tasks = counted(live)
        gc.collect()

        def is_as_before() -> bool:
            sockets_now, tasks_now = counted(live)
            return sockets_now <= sockets and tasks_now <= tasks + WAITING

        live.until(is_as_before, f"{sockets} sockets and {tasks} tasks, not {counted(live)}")
    told = [line for line in log.getvalue().splitlines() if "fault=" in line and "call" in line]
    assert bool(told) == (happens in (faulted, broken_off))
    for line in told:
        assert all(f"{name}={text}" in line for name, text in LABELS.items()), line


def is_left(server: Simulator) -> bool:
    """Whether the server has no Live connection any more."""
    return all(each.close is not None for each in list(server.journal.sessions))


def counted(live: Harness) -> tuple[int, int]:
    """Sockets of this process, and tasks of the actor."""
    links = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return sum(str(each).startswith("socket:") for each in links), len(
        asyncio.all_tasks(live._loop)
    )
