"""A conversation begins without those that only stand in for the first backend."""

from __future__ import annotations

from pathlib import Path

from supervised import actor, config, gauge, of, patient

from pipeline.testing import running


def test_a_stand_in_that_is_not_ready_holds_nobody_up(tmp_path: Path) -> None:
    actors = {
        "source": actor("Source"),
        "answers": patient(),
        "stand_in": patient("hangs in start"),
    }
    for backend in ("answers", "stand_in"):
        actors[backend]["inputs"] = {"audio": "source.audio"}
    path = config(tmp_path, actors, route={"backends": ["answers", "stand_in"]})
    with running(path) as pipeline:
        pipeline.until(lambda status: gauge(status, "answers", "heard") > 0, "sound")
        status = pipeline.status()
        assert of(status, "stand_in").phase == "starting"
        assert "without peers" not in pipeline.output
