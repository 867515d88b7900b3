"""Which entries of Firefox' log are faults of the page."""

from __future__ import annotations

import pytest
from firefox import is_fault

CUT = "The connection to ws://127.0.0.1:9/ws/live-audio was interrupted while the page was loading."
REFUSED = (
    "Firefox can\u2019t establish a connection to the server at ws://127.0.0.1:9/ws/live-audio."
)


@pytest.mark.parametrize(
    ("kind", "level", "text", "fault"),
    [
        ("javascript", "error", "TypeError: this.link is null", True),
        ("javascript", "error", CUT, False),
        ("javascript", "error", REFUSED, False),
        ("javascript", "error", f"Error: {CUT}", True),
        ("console", "error", CUT, True),
        ("console", "error", None, True),
        ("javascript", "warn", "TypeError: this.link is null", False),
    ],
    ids=["script", "cut", "refused", "thrown", "written", "without text", "warning"],
)
def test_a_network_that_was_cut_is_no_fault_of_a_script(
    kind: str, level: str, text: str | None, fault: bool
) -> None:
    assert is_fault({"type": kind, "level": level, "text": text}) is fault
