"""Words and pictures in one session, and an actor from elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
from helpers import ROOT, journal, playing, write_config

from pipeline.frames import Status
from pipeline.testing import running

VIDEO_BYTES_PER_S = 500_000
"""The camera's stated limit."""


def _video(path: Path, seconds: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    noise = np.random.default_rng(1)
    for index in range(seconds * 10):
        picture = noise.integers(0, 255, (480, 640, 3), np.uint8)
        cv2.putText(picture, str(index), (50, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, (255, 255, 255), 9)
        writer.write(picture)
    writer.release()
    return path


def test_text_and_a_video_file_reach_gemini_in_the_same_session(tmp_path: Path) -> None:
    (tmp_path / "typed.txt").write_text("what do you see\n")
    video = _video(tmp_path / "video.avi", seconds=6)
    config = write_config(
        tmp_path,
        {
            "actors": {
                "microphone": playing({"path": "goforward.wav", "delay_s": 4.0}),
                "camera": {"use": "camera", "options": {"source": str(video), "rate_hz": 2.0}},
                "console": {
                    "use": "console",
                    "inputs": {"turns": "supervisor.turns", "transcript": "live.transcript"},
                    "options": {"path": str(tmp_path / "typed.txt"), "print": False},
                },
                "live": {"inputs": {"text": "console.text", "video": "camera.video"}},
            }
        },
    )
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(
            lambda s: s.turns_closed.get("answered", 0) == 2 and _sources_have_ended(s),
            "both answers and the end of the video",
        )
        sessions = journal(pipeline)["sessions"]
        assert pipeline.wait() == 0
    assert len(sessions) == 1
    assert sessions[0]["texts"] == ["what do you see"]
    video_seen = sessions[0]["video"]
    assert 6 <= video_seen["frames"] <= 13
    assert video_seen["rate_hz"] <= 2.2
    assert max(video_seen["width"], video_seen["height"]) <= 768
    seconds = max(1.0, video_seen["last_s"] - video_seen["first_s"])
    assert video_seen["bytes"] / seconds <= VIDEO_BYTES_PER_S


def _sources_have_ended(status: Status) -> bool:
    sources = [each for each in status.actors if each.actor in ("microphone", "camera", "console")]
    return all(each.health and each.health.state == "finished" for each in sources)


def test_an_actor_from_another_folder_replaces_the_vad(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(Path(__file__).parent / "threshold_vad.py", elsewhere / "mine.py")
    config = write_config(
        tmp_path,
        {
            "actors": {
                "microphone": playing("goforward.wav"),
                "vad": {"use": "elsewhere/mine.py:Threshold", "options": {"silence_ms": 700}},
            }
        },
    )
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
        assert pipeline.wait() == 0
    assert "ten meters" in pipeline.output.lower()


def test_an_actor_and_a_voice_detector_as_the_docs_show_them_take_part(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("loud.py", "crossings.py"):
        shutil.copy(ROOT / "docs" / "examples" / name, elsewhere / name)
    louder = {"inputs": {"audio": "loud.audio"}}
    config = write_config(
        tmp_path,
        {
            "actors": {
                "microphone": playing("goforward.wav"),
                "loud": {
                    "use": "elsewhere/loud.py:Loud",
                    "inputs": {"sound": "microphone.audio"},
                    "options": {"gain": 2},
                },
                "vad": {**louder, "options": {"engine": "elsewhere/crossings.py:Crossings"}},
                "live": louder,
            }
        },
    )
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
        assert pipeline.wait() == 0
    assert "ten meters" in pipeline.output.lower()
