"""Backends that stand in hold nobody up, and are sent what they missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supervised import actor, config, gauge, of, patient

from pipeline.testing import running


def conversation(folder: Path, first: dict[str, Any], stand_in: dict[str, Any]) -> Path:
    """Both hear the source."""
    backends = {
        name: {**each, "inputs": {"audio": "source.audio"}}
        for name, each in (("first", first), ("stand_in", stand_in))
    }
    route = {"backends": ["first", "stand_in"]}
    return config(folder, {"source": actor("Source"), **backends}, route=route)


def test_a_stand_in_that_does_not_get_ready_holds_nobody_up(tmp_path: Path) -> None:
    path = conversation(tmp_path, patient(), patient("hangs in start"))
    with running(path) as pipeline:
        pipeline.until(
            lambda status: (
                of(status, "stand_in").phase == "starting" and gauge(status, "first", "heard") > 0
            ),
            "sound without the stand-in",
        )
        assert "without peers" not in pipeline.output


def test_a_stand_in_is_sent_what_it_missed(tmp_path: Path) -> None:
    files = [tmp_path / "first", tmp_path / "stand_in"]
    path = conversation(tmp_path, *(actor("Sink", options={"path": str(file)}) for file in files))
    with running(path) as pipeline:
        pipeline.until(lambda status: gauge(status, "stand_in", "position") > 0, "sound for both")
    first, stand_in = (file.read_text().split()[0] for file in files)
    assert first == stand_in


def test_a_stand_in_starts_although_the_first_backend_hangs(tmp_path: Path) -> None:
    path = conversation(tmp_path, patient("hangs in start"), patient())
    with running(path) as pipeline:
        status = pipeline.until(
            lambda status: of(status, "stand_in").phase == "running", "a stand-in"
        )
        assert of(status, "first").phase == "starting"
