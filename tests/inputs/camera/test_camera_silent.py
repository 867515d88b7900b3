"""Real processes: a camera that gives no more pictures."""

from __future__ import annotations

from pathlib import Path

from pictures import network_camera
from supervised import config, gauge

from pipeline.testing import running


def test_a_camera_that_hangs_is_told_of_at_its_own_rate(tmp_path: Path) -> None:
    with network_camera() as plug:
        camera = {"use": "camera", "options": {"source": plug.address, "rate_hz": 5}}
        with running(config(tmp_path, {"camera": camera})) as pipeline:
            pipeline.frame("camera", "video", lambda _frame: True)
            plug.hanging.set()
            pipeline.until(lambda status: gauge(status, "camera", "video.silent") >= 1, "silence")
            plug.hanging.clear()
            pipeline.until(
                lambda status: gauge(status, "camera", "video.silent") == 0, "pictures again"
            )
    assert "stream has gone silent" in pipeline.output
    assert "no pictures" not in pipeline.output, "it was noticed before the connection was given up"
