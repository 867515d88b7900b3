"""What is printed at the end of a run."""

from __future__ import annotations

import io

from rich.console import Console

from pipeline.cli.summary import print_callers
from pipeline.turns.callers import CallerSummary


def test_each_caller_has_a_line_with_its_labels_turns_and_end() -> None:
    out = io.StringIO()
    labels = {"business": "42", "number": "[bold]+49"}
    callers = [
        CallerSummary(
            "anna", labels, 62.4, {"answered": 3, "failed": 1}, "time_over: it has lasted"
        ),
        CallerSummary("bert", {}, 1.0, {}),
    ]
    print_callers(callers, 7, Console(file=out, width=160))
    text = out.getvalue()
    assert "callers, without the first 7" in text
    anna = next(line for line in text.splitlines() if "anna" in line)
    for part in ("business=42, number=[bold]+49", "62 s", "3 answered, 1 failed", "time_over: it"):
        assert part in anna
    assert next(line.split() for line in text.splitlines() if "bert" in line) == [
        "bert",
        "1",
        "s",
        "none",
        "open",
    ]
