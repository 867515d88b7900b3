"""What the device knows of the backends that need a network."""

from __future__ import annotations

import pytest

from actors.backends.on_device.connection import (
    NO_CONNECTION,
    Connections,
    Outlook,
    about,
    is_trouble,
)
from actors.backends.on_device.intents import english
from pipeline.frames import BackendState, BackendStatus, Fault, FaultClass


def status(
    state: BackendState, backend: str = "live", retry_after_s: float | None = None
) -> BackendStatus:
    return BackendStatus(backend=backend, state=state, retry_after_s=retry_after_s)


def fault(kind: FaultClass, backend: str = "live", retry_after_s: float | None = None) -> Fault:
    return Fault(
        backend=backend, fault=kind, retry=retry_after_s is not None, retry_after_s=retry_after_s
    )


@pytest.mark.parametrize("kind", list(FaultClass))
def test_every_class_of_fault_is_told_in_plain_words(kind: FaultClass) -> None:
    known = Connections()
    known.fault(fault(kind), 0)
    said = known.outlook(1).cannot(english()).written
    assert english().reasons[kind] in said
    assert not any(character.isdigit() or character in "_{}" for character in said)


def test_without_other_backends_there_is_no_connection() -> None:
    assert Connections().outlook(0) == Outlook(NO_CONNECTION)
    assert Connections().outlook(0).cannot(english()).written == (
        "I cannot answer that now, because I have no connection."
    )


def test_newest_fault_is_the_reason_and_the_earliest_retry_counts() -> None:
    known = Connections()
    known.status(status(BackendState.CONNECTING), 0)
    known.fault(fault(FaultClass.QUOTA, retry_after_s=600), 1)
    known.status(status(BackendState.DEGRADED, retry_after_s=600), 1)
    known.fault(fault(FaultClass.NETWORK, "http", retry_after_s=31), 2)
    assert known.outlook(12) == Outlook("network", 21)
    assert "in twenty one seconds" in known.outlook(12).explained(english()).written
    assert known.outlook(1000).retry_in_s is None


def test_backend_that_is_ready_again_is_no_trouble() -> None:
    known = Connections()
    known.fault(fault(FaultClass.NETWORK), 0)
    known.status(status(BackendState.UNAVAILABLE), 0)
    assert known.outlook(1).reason
    known.status(status(BackendState.READY), 2)
    assert known.outlook(3) == Outlook()
    assert known.outlook(3).explained(english()).written == "My connection is fine."


def test_status_without_a_fault_is_no_connection() -> None:
    known = Connections()
    known.status(status(BackendState.UNAVAILABLE), 0)
    assert known.outlook(1) == Outlook(NO_CONNECTION)


@pytest.mark.parametrize(
    ("frame", "trouble"),
    [
        (status(BackendState.CONNECTING), False),
        (status(BackendState.READY), False),
        (status(BackendState.DEGRADED, retry_after_s=0), False),
        (status(BackendState.DEGRADED, retry_after_s=2), True),
        (status(BackendState.UNAVAILABLE), True),
        (fault(FaultClass.QUOTA), True),
        (fault(FaultClass.SESSION_END, retry_after_s=0), False),
    ],
)
def test_planned_reconnection_is_no_trouble(frame: BackendStatus | Fault, trouble: bool) -> None:
    assert is_trouble(frame) is trouble


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "one second"),
        (31, "thirty one seconds"),
        (58, "one minute"),
        (290, "five minutes"),
        (3400, "one hour"),
        (7300, "two hours"),
    ],
)
def test_duration_is_said_as_a_person_would(seconds: float, words: str) -> None:
    assert about(seconds, english()).written == words
