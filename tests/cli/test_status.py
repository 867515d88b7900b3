"""What `greenroom status --json` gives to programs."""

from __future__ import annotations

import json

import pytest
from watched import actor, status

from pipeline.cli import status as status_of
from pipeline.cli.status import status_command


def test_a_number_that_json_lacks_is_null(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deaf = actor("microphone")
    assert deaf.health is not None
    deaf.health.gauges.update(level_dbfs=float("-inf"), queued_ms=1.5)
    monkeypatch.setattr(status_of, "find_runtime_dir", lambda name: name)
    monkeypatch.setattr(status_of, "newest_status", lambda _: status(deaf))
    status_command("robot", as_json=True)
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["actors"][0]["health"]["gauges"] == {"level_dbfs": None, "queued_ms": 1.5}
