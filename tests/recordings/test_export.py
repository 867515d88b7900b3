"""A recording as sound and as lines of JSON."""

from __future__ import annotations

import base64
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorder_frames import description, taken

from actors.cli.export import export_command
from actors.lib.audio.pcm import Samples, to_pcm, to_samples
from actors.recordings.captions import Caption, captions_of
from actors.recordings.conversation import RecordedTurn
from actors.recordings.timeline import TurnSpan
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import GreenroomError
from pipeline.frames import (
    ActorState,
    AnswerAudio,
    Audio,
    Frame,
    Health,
    Image,
    Playback,
    PlaybackState,
    Side,
    SpeechStarted,
    Transcript,
)

S = 1_000_000_000
ZERO_NS = 100 * S
"""When the run began."""
LIVE = {"turn": "local:0", "epoch": 1, "backend": "live"}
INPUTS = {"echo": {"audio": "microphone.audio", "far_end": "speaker.far_end"}}


def level(value: int, samples: int) -> bytes:
    return to_pcm(np.full(samples, value, np.int16))


def sound(value: int, begin_s: float, duration_s: float, rate_hz: int, late_s: float = 0) -> Audio:
    """A block of a constant level that ends, by the clock, `late_s` later than by its position."""
    samples = round(duration_s * rate_hz)
    end_ns = ZERO_NS + round((begin_s + duration_s + late_s) * S)
    position = round(begin_s * rate_hz)
    return Audio(position=position, rate_hz=rate_hz, pcm=level(value, samples), origin_ns=end_ns)


def answer(value: int, begin_s: float, duration_s: float) -> AnswerAudio:
    pcm = level(value, round(duration_s * 24_000))
    return AnswerAudio(position=round(begin_s * 24_000), pcm=pcm, **LIVE)


def playback(state: PlaybackState, played_s: float, at_s: float) -> Playback:
    return Playback(
        state=state,
        played_samples=round(played_s * 24_000),
        at_ns=ZERO_NS + round(at_s * S),
        **LIVE,
    )


def recorded(tmp_path: Path, *streams: tuple[str, Frame]) -> Path:
    path = tmp_path / "talk.mcap"
    pipeline = description(tmp_path)
    for name, inputs in INPUTS.items():
        pipeline.config["actors"][name] = {"use": name, "inputs": inputs}
    writer = RotatingWriter(str(path), RotationLimits(), pipeline)
    for seq, (stream, frame) in enumerate(streams):
        actor, _, port = stream.partition(".")
        writer.write(taken(frame, seq, actor, port))
    writer.close()
    return path


def as_wav(path: Path, **options: Any) -> tuple[Samples, Samples]:
    export_command([path], "wav", None, options.get("user"), binary=False)
    with wave.open(str(path.with_suffix(".wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 24_000)
        both = to_samples(file.readframes(file.getnframes()))
    return both[0::2], both[1::2]


def middle(track: Samples, begin_s: float, end_s: float) -> list[int]:
    """The levels of a stretch without its edges, where resampling rings."""
    piece = track[round((begin_s + 0.01) * 24_000) : round((end_s - 0.01) * 24_000)]
    return [round(int(piece.min()), -2), round(int(piece.max()), -2)]


def test_the_user_is_left_and_what_was_heard_right_where_their_positions_say(
    tmp_path: Path,
) -> None:
    path = recorded(
        tmp_path,
        ("microphone.audio", sound(5000, 2.0, 0.5, 16_000)),
        ("speaker.far_end", sound(3000, 2.5, 0.5, 24_000)),
        ("live.audio", answer(9000, 0, 3)),
        ("speaker.playback", playback(PlaybackState.STARTED, 0, 2.5)),
    )
    left, right = as_wav(path)
    assert len(left) == len(right) == 24_000
    assert middle(left, 0, 0.5) == [5000, 5000]
    assert middle(left, 0.5, 1) == [0, 0]
    assert middle(right, 0, 0.5) == [0, 0]
    assert middle(right, 0.5, 1) == [3000, 3000]


def test_a_gap_in_the_positions_is_silent_and_a_late_block_does_not_move(tmp_path: Path) -> None:
    blocks = [
        sound(5000, 0.0, 0.25, 16_000),
        sound(5000, 0.25, 0.25, 16_000, late_s=0.2),
        sound(5000, 1.0, 0.5, 16_000),
    ]
    path = recorded(tmp_path, *(("microphone.audio", each) for each in blocks))
    left, right = as_wav(path)
    assert len(left) == 36_000
    assert middle(left, 0, 0.5) == [5000, 5000]
    assert middle(left, 0.5, 1) == [0, 0]
    assert middle(left, 1, 1.5) == [5000, 5000]
    assert not right.any()


def test_without_the_far_end_only_what_playback_says_was_heard_is_there(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        ("microphone.audio", sound(5000, 0, 0.1, 16_000)),
        ("live.audio", answer(3000, 0, 1)),
        ("live.audio", answer(3000, 1, 2)),
        ("speaker.playback", playback(PlaybackState.STARTED, 0, 1.0)),
        ("speaker.playback", playback(PlaybackState.PLAYING, 0.2, 1.2)),
        # Held for half a second between the two, then cut off.
        ("speaker.playback", playback(PlaybackState.PLAYING, 0.4, 1.9)),
        ("speaker.playback", playback(PlaybackState.INTERRUPTED, 0.4, 1.9)),
    )
    _, right = as_wav(path)
    assert len(right) == round(1.9 * 24_000)
    assert middle(right, 0, 1.0) == [0, 0]
    assert middle(right, 1.0, 1.2) == [3000, 3000]
    assert middle(right, 1.2, 1.7) == [0, 0]
    assert middle(right, 1.7, 1.9) == [3000, 3000]


def test_the_user_is_what_the_echo_canceller_gives_unless_named(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        ("echo.audio", sound(2000, 0, 0.5, 16_000)),
        ("microphone.audio", sound(5000, 0, 0.5, 16_000)),
    )
    assert middle(as_wav(path)[0], 0, 0.5) == [2000, 2000]
    path.with_suffix(".wav").unlink()
    assert middle(as_wav(path, user="microphone.audio")[0], 0, 0.5) == [5000, 5000]
    with pytest.raises(GreenroomError, match=r"did you mean 'microphone\.audio'"):
        export_command([path], "wav", tmp_path / "x.wav", "microfone.audio", binary=False)
    assert not (tmp_path / "x.wav").exists()


def test_a_recording_without_sound_and_a_file_that_is_there_are_refused(tmp_path: Path) -> None:
    words = Transcript(side=Side.USER, text="go", **LIVE)
    path = recorded(tmp_path, ("live.transcript", words))
    with pytest.raises(GreenroomError, match="no sound was recorded"):
        export_command([path], "wav", None, None, binary=False)
    there = tmp_path / "there.jsonl"
    there.write_text("mine")
    with pytest.raises(GreenroomError, match="is there already"):
        export_command([path], "jsonl", there, None, binary=False)
    assert there.read_text() == "mine"
    with pytest.raises(GreenroomError, match="cannot write"):
        export_command([path], "jsonl", tmp_path / "no" / "x.jsonl", None, binary=False)


def test_lines_hold_the_frames_with_their_bytes_left_out_or_in_base64(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        ("camera.video", Image(jpeg=b"\xff\xd8\xff", width=2, height=1)),
        ("live.transcript", Transcript(side=Side.USER, text="geh vorwärts", **LIVE)),
    )
    export_command([path], "jsonl", None, None, binary=False)
    image, words = map(json.loads, path.with_suffix(".jsonl").read_text("utf-8").splitlines())
    assert (image["stream"], image["type"], image["width"]) == ("camera.video", "image", 2)
    assert "jpeg" not in image
    assert (words["stream"], words["text"], words["seq"]) == ("live.transcript", "geh vorwärts", 1)
    assert words["unix_ns"] - image["unix_ns"] == words["sent_ns"] - image["sent_ns"]
    with_bytes = tmp_path / "all.jsonl"
    export_command([path], "jsonl", with_bytes, None, binary=True)
    image = json.loads(with_bytes.read_text("utf-8").splitlines()[0])
    assert base64.b64decode(image["jpeg"]) == b"\xff\xd8\xff"


def test_lines_go_to_standard_output(tmp_path: Path, capfdbinary: Any) -> None:
    words = Transcript(side=Side.USER, text="go", **LIVE)
    path = recorded(tmp_path, ("live.transcript", words))
    export_command([path], "jsonl", Path("-"), None, binary=False)
    (line,) = capfdbinary.readouterr().out.splitlines()
    assert json.loads(line)["text"] == "go"


def picture(level: int, at_s: float) -> Image:
    import cv2

    _, jpeg = cv2.imencode(".jpg", np.full((48, 65, 3), level, np.uint8))
    return Image(jpeg=jpeg.tobytes(), width=65, height=48, origin_ns=ZERO_NS + round(at_s * S))


def test_a_film_has_the_pictures_the_sound_and_the_words_at_their_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import av

    broken = Image(jpeg=b"\xff\xd8\xff", width=65, height=48, origin_ns=ZERO_NS + 2 * S)
    began = SpeechStarted(turn="local:0", position=0, at_ns=ZERO_NS + S // 2)
    path = recorded(
        tmp_path,
        ("microphone.audio", sound(5000, 0, 3, 16_000)),
        ("camera.video", picture(200, 1.0)),
        ("camera.video", broken),
        ("camera.video", picture(100, 2.5)),
        ("vad.speech", began),
        ("live.transcript", Transcript(side=Side.USER, text="what is it?", **LIVE)),
        ("speaker.playback", playback(PlaybackState.STARTED, 0, 1.5)),
        ("live.transcript", Transcript(side=Side.MODEL, text="A {\\b1}cup.", **LIVE)),
    )
    export_command([path], "mp4", None, None, binary=False)
    assert "1 pictures could not be decoded" in capsys.readouterr().err
    with av.open(str(path.with_suffix(".mp4"))) as film:
        shown = [
            (round(float(f.time), 2), round(int(f.to_ndarray(format="gray").mean()), -1))
            for f in film.decode(video=0)
        ]
        assert film.streams.video[0].width == 64
    # A film ends with what it showed last.
    assert shown == [(0.0, 0), (1.0, 200), (2.0, 200), (2.5, 100), (3.0, 100)]
    with av.open(str(path.with_suffix(".mp4"))) as film:
        heard = np.concatenate([f.to_ndarray() for f in film.decode(audio=0)], axis=1)
    assert heard.shape[0] == 2
    assert heard.shape[1] == pytest.approx(3 * 24_000, abs=2048)
    assert np.abs(heard[0]).mean() > 10 * np.abs(heard[1]).mean()
    with av.open(str(path.with_suffix(".mp4"))) as film:
        packets = [p for p in film.demux(subtitles=0) if p.size > 2]
        words = [(p.pts, p.duration, bytes(p)[2:].decode()) for p in packets]
    assert words == [(500, 1000, "user: what is it?"), (1500, 1500, "live: A {/b1}cup.")]


def turn(begin: int, sounded: int | None, end: int | None, said: str, answer: str) -> TurnSpan:
    words = RecordedTurn("x", said=said, answer=answer, by="live")
    return TurnSpan(begin, end, recorded=words, sounded_ns=sounded)


def test_captions_follow_one_another_and_long_answers_are_spread_over_their_time() -> None:
    long = " ".join(["word"] * 30)
    turns = [
        turn(0, 100, 400, "one", long),
        turn(300, None, 500, "two", "never heard"),
        turn(600, 700, None, "", "three"),
    ]
    assert captions_of(turns, 900) == [
        Caption(0, 100, "user: one"),
        Caption(100, 250, "live: " + " ".join(["word"] * 15)),
        Caption(250, 300, " ".join(["word"] * 15)),
        Caption(300, 500, "user: two"),
        Caption(700, 900, "live: three"),
    ]


def test_a_number_that_json_lacks_is_null_in_the_lines(tmp_path: Path) -> None:
    gauges = {"level_dbfs": float("-inf"), "queued_ms": 1.5}
    health = Health(actor="microphone", pid=1, state=ActorState.READY, gauges=gauges)
    path = recorded(tmp_path, ("microphone.health", health))
    export_command([path], "jsonl", None, None, binary=False)
    line = json.loads(path.with_suffix(".jsonl").read_text("utf-8"), parse_constant=pytest.fail)
    assert line["gauges"] == {"level_dbfs": None, "queued_ms": 1.5}
