"""Real processes: a source that should speak all the time and has gone silent is noticed."""

from __future__ import annotations

from pathlib import Path

from supervised import actor, config, gauge

from pipeline.testing import running


def test_a_source_of_an_authors_own_that_halts_is_told_of_until_it_goes_on(tmp_path: Path) -> None:
    go_on = tmp_path / "go_on"
    path = config(tmp_path, {"source": actor("Halting", options={"go_on": str(go_on)})})
    with running(path) as pipeline:
        pipeline.until(lambda status: gauge(status, "source", "audio.silent") >= 1, "silence")
        go_on.touch()
        pipeline.until(
            lambda status: gauge(status, "source", "audio.silent") == 0, "the end of the silence"
        )
    (line,) = (each for each in pipeline.output.splitlines() if "has gone silent" in each)
    assert "port=audio" in line
    assert "source" in line
