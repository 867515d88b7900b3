"""Real runs recorded, with the recorder killed and the disk full, and replayed."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from actors.recordings.conversation import turns_of
from actors.recordings.reader import Recording, frames, read_recording
from pipeline.frames import Audio, SpeechStarted
from pipeline.testing import running

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "configs" / "demo.yaml"
SPEECH = ROOT / "tests" / "speech"
GREENROOM = str(Path(sys.executable).parent / "greenroom")
PATIENCE_S = 60


def demo_with(tmp_path: Path, actors: dict[str, Any]) -> Path:
    config = tmp_path / "test.yaml"
    config.write_text(yaml.safe_dump({"extends": str(DEMO), "name": "test", "actors": actors}))
    return config


def recorder(path: str) -> dict[str, Any]:
    return {"use": "recorder", "options": {"path": path}}


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GREENROOM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def words_of(recording: Recording) -> list[tuple[str, str, str]]:
    turns = turns_of(frame for _, frame in frames(recording.messages))
    return [(turn.turn, turn.said, turn.answer) for turn in turns.values()]


def test_a_run_whose_recorder_was_killed_is_replayed_with_the_same_turns_and_words(
    tmp_path: Path,
) -> None:
    files = [
        {"path": str(SPEECH / "goforward.wav")},
        # So late that a slower answer in the replay is over by then.
        {"path": str(SPEECH / "cards-001.wav"), "start": "after_answer", "delay_s": 1.5},
    ]
    first = demo_with(
        tmp_path,
        {"microphone": {"options": {"files": files}}, "recorder": recorder("first.mcap")},
    )
    with running(first, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
        pipeline.frame("vad", "speech", lambda f: isinstance(f, SpeechStarted) and f.seq > 1)
        pipeline.kill("recorder", signal.SIGKILL)
        assert pipeline.wait() == 0
    killed, resumed = tmp_path / "first.mcap", tmp_path / "first-2.mcap"
    half = read_recording([killed])
    assert not half.whole
    assert len(words_of(half)) >= 1
    recording = read_recording([killed, resumed])
    turns = words_of(recording)
    assert [said.lower() for _, said, _ in turns] == ["go forward ten meters.", "ten of clubs."]
    sound = recording.messages.only(lambda c: (c.actor, c.type) == ("microphone", "audio"))
    blocks = [f for _, f in frames(sound) if isinstance(f, Audio)]
    assert [f.position for f in blocks] == list(
        accumulate((f.samples for f in blocks[:-1]), initial=0)
    )

    second = demo_with(tmp_path, {})
    output = tmp_path / "second.mcap"
    with running(second, "--external", "microphone", cwd=tmp_path) as pipeline:
        pipeline.until(lambda _status: True, "a start")
        where = ["-p", str(pipeline.runtime_dir)]
        with (
            command("record", "--transcripts-only", "-o", str(output), *where) as record,
            command("replay", str(killed), str(resumed), *where) as replay,
        ):
            for process in (replay, record):
                printed = process.communicate(timeout=PATIENCE_S)[0]
                assert process.returncode == 0, printed
        assert pipeline.wait() == 0
    replayed = read_recording([output])
    assert replayed.whole
    assert words_of(replayed) == turns
    assert not {"audio", "health"} & {m.port for m in replayed.messages}
    compared = subprocess.run(
        [GREENROOM, "compare", str(tmp_path / "first*.mcap"), str(output)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert compared.returncode == 0, compared.stdout + compared.stderr

    stepped = tmp_path / "stepped.mcap"
    with running(second, "--external", "microphone", cwd=tmp_path) as pipeline:
        pipeline.until(lambda _status: True, "a start")
        where = ["-p", str(pipeline.runtime_dir)]
        with (
            command("record", "--transcripts-only", "-o", str(stepped), *where) as record,
            command("replay", "--step", str(killed), str(resumed), *where) as replay,
        ):
            for done, (turn, _, _) in enumerate(turns):
                assert next(line for line in replay.stdout if "next:" in line) == f"next: {turn}\n"
                status = pipeline.status()
                assert (status.turns_open, sum(status.turns_closed.values())) == (0, done)
                replay.stdin.write("\n")
                replay.stdin.flush()
                pipeline.until(
                    lambda status, count=done + 1: status.turns_closed.get("answered") == count,
                    "an answer",
                )
            for process in (replay, record):
                printed = process.communicate(timeout=PATIENCE_S)[0]
                assert process.returncode == 0, printed
        assert pipeline.wait() == 0
    assert words_of(read_recording([stepped])) == turns

    with command("reproduce", "vad", str(killed), str(resumed), "--pace", "20") as vad:
        printed = vad.communicate(timeout=PATIENCE_S)[0]
    assert vad.returncode == 0, printed
    assert "4 frames recorded, 4 now: the same" in printed


def test_a_full_disk_stops_the_recording_and_not_the_conversation_f26(tmp_path: Path) -> None:
    config = demo_with(tmp_path, {"recorder": recorder("/dev/full")})
    with running(config, cwd=tmp_path) as pipeline:
        seen = pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
        assert pipeline.wait() == 0
    health = next(each.health for each in seen.actors if each.actor == "recorder")
    assert health is not None
    assert health.state == "degraded"
    assert "No space left" in health.detail
    assert health.counters["write_errors"] == 1
    assert health.counters["unwritten"] > 100
    assert health.counters["frames"] == 0
    assert pipeline.output.count("recording stopped; the conversation goes on") == 1


def test_record_and_replay_say_what_is_wrong(tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        done = subprocess.run(
            [GREENROOM, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        )
        assert done.returncode == 2, done.stdout + done.stderr
        return done.stderr

    assert "no pipeline 'nothing' runs" in refused("record", "-p", "nothing")
    assert "record.without.0" in refused("record", "--without", "smells")
    assert "none.mcap cannot be read" in refused("replay", "none.mcap")
    assert "none.mcap cannot be read" in refused("compare", "none.mcap", "none.mcap")
