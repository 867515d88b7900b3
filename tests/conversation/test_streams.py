"""Programs with nothing but pyzmq and msgpack take part, as docs/streams.md shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import DEMO, ROOT, SPEECH, journal, playing, write_config

from pipeline.testing import running

EXAMPLES = ROOT / "docs" / "examples"


def test_a_plain_program_takes_the_microphones_place_and_another_taps_the_answer(
    tmp_path: Path,
) -> None:
    with running(DEMO, "--external", "microphone", "--duration", "60", cwd=tmp_path) as pipeline:
        pipeline.until(
            lambda s: all(a.phase == "running" for a in s.actors if a.actor == "live"), "live"
        )
        tapped = tmp_path / "tapped.pcm"
        with subprocess.Popen(
            [sys.executable, EXAMPLES / "tap_the_answer.py", pipeline.runtime_dir, tapped, "8"],
            stdout=subprocess.PIPE,
            text=True,
        ) as tap:
            assert tap.stdout is not None
            assert tap.stdout.readline() == "listening\n"
            subprocess.run(
                [
                    sys.executable,
                    EXAMPLES / "be_the_microphone.py",
                    pipeline.runtime_dir,
                    SPEECH / "goforward.wav",
                ],
                check=True,
                timeout=60,
            )
            pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
            tap.wait(60)
        (turn,) = journal(pipeline)["sessions"][0]["turns"]
    assert "ten meters" in pipeline.output.lower()
    assert len(tapped.read_bytes()) == pytest.approx(turn["answer_ms"] * 24 * 2, abs=48)


def test_inject_takes_the_microphones_place_and_the_pipeline_ends_with_the_file(
    tmp_path: Path,
) -> None:
    with running(DEMO, "--external", "microphone", cwd=tmp_path) as pipeline:
        pipeline.until(
            lambda s: all(a.phase == "running" for a in s.actors if a.actor == "live"), "live"
        )
        greenroom = Path(sys.executable).parent / "greenroom"
        subprocess.run(
            [
                greenroom,
                "inject",
                "microphone.audio",
                SPEECH / "numbers.wav",
                "-p",
                str(pipeline.runtime_dir),
            ],
            check=True,
            timeout=60,
        )
        assert pipeline.wait() == 0
    assert "thirty" in pipeline.output.lower() or "33" in pipeline.output


def test_tap_prints_the_frames_of_a_stream(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"actors": {"microphone": playing("goforward.wav", loop=True)}})
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        greenroom = Path(sys.executable).parent / "greenroom"
        done = subprocess.run(
            [greenroom, "tap", "microphone.audio", "--count=40", "-p", pipeline.runtime_dir],
            check=True,
            timeout=60,
            capture_output=True,
            text=True,
        )
        assert done.stdout.count('"type": "audio"') == 40
        # Retained sound comes first, in up to thirty longer pieces.
        assert "640 bytes" in done.stdout
