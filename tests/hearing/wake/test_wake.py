"""The actor `wake` with real models and a voice that is made on the machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from called_robot import blocks, quiet, spoken

from actors.hearing.vad import Vad
from actors.hearing.wake import Wake
from actors.hearing.wake.gate import LATE_NS
from actors.hearing.wake.input_keys import EVENT as KEY_EVENT
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, to_samples
from benchmarks.wake import trimmed
from pipeline.errors import ConfigError
from pipeline.frames import (
    Audio,
    EndReason,
    Image,
    ListenAction,
    ListenCommand,
    ListenMode,
    ListenPhase,
    ListenStatus,
    Outcome,
    Playback,
    PlaybackState,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    TurnClosed,
)
from pipeline.testing import ActorHarness, stage

Stage = ActorHarness[Any]
WORD, QUESTION = "Hey Jarvis!", "What time is it?"
PICTURE = Image(jpeg=b"\xff\xd8", width=1, height=1)
KEY_F13 = 183


@pytest.fixture
def wake() -> Iterator[Stage]:
    with stage(Wake) as actor:
        yield actor


def passed(actor: Stage) -> list[Audio]:
    """What was passed on since the last time."""
    actor.settle()
    found = [frame for frame in actor.sent["audio"] if isinstance(frame, Audio)]
    actor.sent["audio"].clear()
    return found


def phases(actor: Stage) -> list[ListenPhase]:
    actor.settle()
    found = [f.phase for f in actor.sent["listening"] if isinstance(f, ListenStatus)]
    actor.sent["listening"].clear()
    return found


def send(actor: Stage, *parts: Samples, position: int = 0) -> int:
    """Let the microphone hear this; return the position after it."""
    frames = blocks(parts, position)
    actor.send("audio", *frames)
    return frames[-1].position + frames[-1].samples


def ask(actor: Stage, word: str = WORD, question: str = QUESTION) -> int:
    """Say the word and, in one breath, a question; return the position after it."""
    return send(actor, quiet(2), trimmed(spoken(word)), trimmed(spoken(question)), quiet(0.4))


def let_time_pass(actor: Stage, since_ns: int = 1) -> None:
    """What the gate waited for is over, since then."""
    sound = actor.actor._sound
    sound.gate = sound.gate._replace(until=time.monotonic_ns() - since_ns)


def turn(begins: int, ends: int) -> tuple[SpeechStarted, SpeechEnded]:
    name = f"local:{begins}"
    return (
        SpeechStarted(turn=name, position=begins, at_ns=1),
        SpeechEnded(
            turn=name,
            start_position=begins,
            position=ends,
            at_ns=1,
            reason=EndReason.SILENCE,
        ),
    )


def closed(name: str) -> TurnClosed:
    return TurnClosed(turn=name, outcome=Outcome.ANSWERED)


def test_nothing_passes_before_the_word(wake: Stage) -> None:
    send(wake, quiet(1), spoken("Thirty three four six. Go forward ten meters."), quiet(1))
    wake.send("video", PICTURE)
    assert passed(wake) == []
    wake.expect_nothing("video")
    assert phases(wake) == [ListenPhase.ASLEEP]
    assert wake.actor.detail == "asleep: say Hey Jarvis"


def test_what_is_said_in_one_breath_with_the_word_passes_from_its_first_sample(
    wake: Stage,
) -> None:
    lead, word, question = quiet(2), trimmed(spoken(WORD)), trimmed(spoken(QUESTION))
    send(wake, lead, word, question, quiet(0.5))
    frames = passed(wake)
    assert phases(wake) == [ListenPhase.ASLEEP, ListenPhase.LISTENING]
    asked_at, first = len(lead) + len(word), frames[0].position
    assert asked_at - len(word) // 2 < first <= asked_at, "some of the word, all of the question"
    sound = np.concatenate([lead, word, question, quiet(0.5)])
    heard = np.concatenate([to_samples(frame.pcm) for frame in frames])
    assert np.array_equal(heard, sound[first : first + len(heard)])
    wake.send("video", PICTURE)
    wake.expect("video", Image)


def test_nothing_of_a_word_that_stands_alone_passes_and_a_chime_says_so(wake: Stage) -> None:
    word = trimmed(spoken(WORD))
    end = send(wake, quiet(2), word, quiet(0.8))
    first = passed(wake)[0].position
    assert 0 <= first - (2 * SPEECH_RATE_HZ + len(word)) < SPEECH_RATE_HZ // 10
    chimes = [f.chime for f in wake.sent["listening"] if isinstance(f, ListenStatus)]
    assert chimes == [False, False, True]
    send(wake, trimmed(spoken(QUESTION)), position=end)
    assert len(passed(wake)) >= 40


def test_a_follow_up_needs_no_word_and_then_it_is_asleep_again(wake: Stage) -> None:
    end = ask(wake)
    began, ended = turn(end - 20_000, end - 5000)
    wake.send("speech", began, ended)
    wake.send("turns", closed(began.turn))
    assert phases(wake)[2:] == [
        ListenPhase.HEARING,
        ListenPhase.ANSWERING,
        ListenPhase.LISTENING,
    ]
    passed(wake)
    end = send(wake, quiet(1), position=end)
    assert len(passed(wake)) == 50
    let_time_pass(wake)
    send(wake, quiet(1), position=end)
    assert passed(wake) == []
    assert phases(wake) == [ListenPhase.EXPIRED]


def test_who_had_begun_to_speak_before_it_fell_asleep_loses_no_sample(wake: Stage) -> None:
    end = ask(wake)
    passed(wake)
    let_time_pass(wake, LATE_NS // 100)
    late = send(wake, quiet(0.4), position=end)
    assert passed(wake) == []
    wake.send("speech", turn(end - 1600, late)[0])
    assert [frame.position for frame in passed(wake)] == list(range(end, late, 320))


def test_the_mode_is_changed_while_it_runs(wake: Stage) -> None:
    end = send(wake, quiet(1))
    wake.send("control", ListenCommand(mode=ListenMode.ALWAYS))
    end = send(wake, quiet(1), position=end)
    assert [passed(wake)[0].position, wake.actor.detail] == [SPEECH_RATE_HZ, "listens always"]
    wake.send("control", ListenCommand(mode=ListenMode.PUSH_TO_TALK))
    end = send(wake, quiet(1), trimmed(spoken(WORD)), quiet(0.5), position=end)
    assert passed(wake) == []
    wake.send("control", ListenCommand(action=ListenAction.OPEN))
    first = passed(wake)[0].position
    assert end - SPEECH_RATE_HZ * 3 // 10 - 320 <= first < end, "from just before the key"
    send(wake, quiet(1), position=end)
    wake.send("control", ListenCommand(action=ListenAction.CLOSE))
    passed(wake)
    send(wake, quiet(1), position=end + SPEECH_RATE_HZ)
    assert passed(wake) == []


def test_models_are_loaded_when_they_are_first_needed() -> None:
    with stage(Wake, listen="always") as wake:
        assert wake.actor._ears.words == []
        wake.send("control", ListenCommand(mode=ListenMode.WAKE_WORD))
        ask(wake)
        assert phases(wake)[-1] is ListenPhase.LISTENING
    with stage(Wake, listen="always", words=["hey_jarves"]) as wake:
        wake.send("control", ListenCommand(mode=ListenMode.WAKE_WORD))
        wake.settle()
        assert wake.actor.detail == "listens always", "it cannot be, and so it stays"


def test_its_own_voice_does_not_wake_it(wake: Stage) -> None:
    now_ns = time.monotonic_ns()
    for frame in blocks([quiet(1), trimmed(spoken(WORD)), quiet(0.5)]):
        wake.send("far_end", frame.model_copy(update={"origin_ns": now_ns}))
    ask(wake)
    assert passed(wake) == []
    assert wake.actor.counters["own_words"] == 1


def test_only_the_word_interrupts_an_answer_that_is_then_held() -> None:
    with stage(Wake, over_answer="word") as wake:
        end = ask(wake)
        began, ended = turn(end - 20_000, end - 5000)
        wake.send("speech", began, ended)
        heard = Playback(
            turn=began.turn,
            epoch=1,
            backend="live",
            state=PlaybackState.STARTED,
            played_samples=0,
            at_ns=1,
        )
        wake.send("playback", heard)
        passed(wake)
        end = send(wake, spoken("Seven of clubs."), position=end)
        assert passed(wake) == []
        end = send(wake, quiet(1), trimmed(spoken(WORD)), quiet(0.5), position=end)
        held = wake.expect("voice", TentativeSpeechStarted)
        assert passed(wake)
        let_time_pass(wake)
        send(wake, quiet(0.1), position=end)
        assert wake.expect("voice", TentativeSpeechRejected).turn == held.turn


def test_two_words_at_once_wake_it_once() -> None:
    with stage(Wake, words=["hey_jarvis", "alexa"]) as wake:
        both = np.zeros(SPEECH_RATE_HZ * 2, np.int32)
        for word in (trimmed(spoken(WORD)), trimmed(spoken("Alexa!"))):
            both[: len(word)] += word
        send(wake, quiet(2), np.clip(both, -32768, 32767).astype(np.int16))
        assert phases(wake)[1:] in ([], [ListenPhase.LISTENING], [ListenPhase.LISTENING] * 2)
        assert wake.actor.counters["opened"] <= 1
    with stage(Wake, words=["hey_jarvis", "hey_jarvis"]) as wake:
        ask(wake)
        assert phases(wake) == [ListenPhase.ASLEEP, ListenPhase.LISTENING]
        assert wake.actor.counters["words"] == 1


def test_killed_it_goes_on_and_hears_no_word_again(tmp_path: Path) -> None:
    with stage(Wake, folder=tmp_path) as wake:
        end = ask(wake)
        assert phases(wake)[-1] is ListenPhase.LISTENING
        saved = json.loads(json.dumps(wake.actor.checkpoint))
    with stage(Wake, folder=tmp_path, checkpoint=saved) as wake:
        assert phases(wake) == [ListenPhase.LISTENING]
        ask(wake)
        assert passed(wake) == [], "what was retained has been passed on before"
        send(wake, quiet(0.2), position=end)
        assert passed(wake)[0].position == end


@pytest.mark.parametrize("mode", [ListenMode.WAKE_WORD, ListenMode.ALWAYS])
def test_while_nothing_happens_it_saves_and_beats_rarely(mode: ListenMode) -> None:
    with stage(Wake, listen=mode) as wake:
        saved = set()
        for frame in blocks([quiet(4)]):
            wake.send("audio", frame)
            wake.settle()
            saved.add(json.dumps(wake.actor.checkpoint, sort_keys=True))
    # Two hundred blocks: as it was at the start, and then once a second.
    assert 4 <= len(saved) <= 6


def test_in_a_conversation_each_block_is_saved(tmp_path: Path) -> None:
    with stage(Wake, folder=tmp_path) as wake:
        end = ask(wake)
        assert wake.actor.checkpoint["heard"] == wake.actor.checkpoint["next"] == end


def test_sessions_of_callers_pass(wake: Stage) -> None:
    wake.open("caller")
    wake.send("audio", *(f.model_copy(update={"session": "caller"}) for f in blocks([quiet(0.1)])))
    assert len(passed(wake)) == 5


def test_the_end_of_a_recording_is_told_of_without_its_sound(wake: Stage) -> None:
    (frame,) = blocks([spoken("Yes.")[:320]])
    wake.send("audio", frame.model_copy(update={"final": True}))
    (last,) = passed(wake)
    assert (last.final, last.pcm, last.position) == (True, b"", 320)


def call(folder: Path, wake: Stage, request: str) -> tuple[int, dict[str, Any]]:
    """Call the door on its socket."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(folder / "wake.http"))
        caller.setblocking(False)
        caller.send(request.encode())
        found = bytearray()

        def is_answered() -> bool:
            try:
                found.extend(caller.recv(65536))
            except BlockingIOError:
                return False
            return b"\r\n\r\n" in found and found.endswith(b"\n")

        wake.until(is_answered, "an answer")
    head, _, body = found.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def post(body: str, *headers: str, path: str = "/listen") -> str:
    lines = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines) + f"\r\n\r\n{body}"


def test_a_call_opens_it_and_says_how_it_is(tmp_path: Path) -> None:
    with stage(Wake, folder=tmp_path, listen="push_to_talk") as wake:
        opened = call(tmp_path, wake, post('{"action": "open"}', "Host: localhost"))
        assert opened == (200, {"mode": "push_to_talk", "phase": "held", "listens": True})
        assert call(tmp_path, wake, post('{"mode": "always"}'))[1]["phase"] == "open"
        assert call(tmp_path, wake, "GET /listen HTTP/1.1\r\n\r\n")[1]["mode"] == "always"


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        (post("{}"), 422, "name a mode, an action, or both"),
        (post("open"), 422, "no JSON"),
        (post("[]"), 422, 'write {"mode"'),
        (post('{"mode": "sometimes"}'), 422, "'always', 'wake_word' or 'push_to_talk'"),
        (post('{"mood": "always"}'), 422, "there is no 'mood'"),
        (post('{"mode": "wake_word"}'), 422, "did you mean 'hey_jarvis'?"),
        (post('{"action": "open"}', "Origin: http://evil.example"), 403, "browser"),
        (post('{"action": "open"}', "Host: evil.example"), 403, "browser"),
        (post('{"action": "open"}', path="/speak"), 404, "/listen"),
        ("PUT /listen HTTP/1.1\r\n\r\n", 405, "GET or POST"),
        ("nonsense\r\n\r\n", 400, "no HTTP request"),
        (post("{}").replace("Length: 2", "Length: 99999999"), 413, "too long"),
        (post("{}").replace("Length: 2", "Length: -2"), 413, "too long"),
    ],
)
def test_a_call_that_cannot_be_done_is_told_why(
    tmp_path: Path, request_: str, status: int, says: str
) -> None:
    with stage(Wake, folder=tmp_path, listen="push_to_talk", words=["hey_jarves"]) as wake:
        found, body = call(tmp_path, wake, request_)
        assert (found, says in body["error"]) == (status, True), body
        assert wake.actor.detail == "asleep: press to talk"


def test_a_key_is_held_and_one_that_is_gone_is_released(tmp_path: Path) -> None:
    keys = tmp_path / "pedal"
    os.mkfifo(keys)
    options: dict[str, Any] = {"listen": "push_to_talk", "key": {"device": keys, "key": "f13"}}
    with stage(Wake, **options) as wake:
        # Opened for reading and writing, so that the device is not at its end before it begins.
        fd = os.open(keys, os.O_RDWR)
        wake.until(lambda: wake.actor.detail == "asleep: press to talk")
        other, pressed, repeated, released = (
            KEY_EVENT.pack(0, 0, 1, code, value)
            for code, value in ((30, 1), (KEY_F13, 1), (KEY_F13, 2), (KEY_F13, 0))
        )
        os.write(fd, other + pressed + repeated)
        wake.until(lambda: wake.actor.detail == "listens", "a key")
        os.write(fd, released)
        wake.until(lambda: wake.actor.detail == "asleep: press to talk", "its release")
        os.write(fd, pressed)
        wake.until(lambda: wake.actor.detail == "listens", "a key")
        os.close(fd)
        wake.until(lambda: "the switch is gone" in wake.actor.detail, "a loss")
        assert phases(wake)[-1] is ListenPhase.RELEASED


def model(folder: Path, **changes: Any) -> Path:
    """A model of the user's own, or what he takes for one."""
    packaged = Path(str(files("pymicro_wakeword"))) / "models"
    shutil.copy(packaged / "alexa.tflite", folder / "own.tflite")
    manifest = json.loads((packaged / "alexa.json").read_text())
    path = folder / "own.json"
    path.write_text(json.dumps({**manifest, "model": "own.tflite", **changes}))
    return path


def test_a_model_of_the_users_own_is_named_by_its_path(tmp_path: Path) -> None:
    model(tmp_path, wake_word="Computer")
    with stage(Wake, config_dir=tmp_path, words=["./own.json"]) as wake:
        assert wake.actor.detail == "asleep: say Computer"
        ask(wake, "Alexa!")
        assert phases(wake)[-1] is ListenPhase.LISTENING


@pytest.mark.parametrize(
    ("word", "network", "manifest", "says"),
    [
        ("hey_jarvas", None, None, "did you mean 'hey_jarvis'?"),
        ("./missing.json", None, None, "No such file"),
        ("./own.tflite", None, None, "name the .json file"),
        ("./own.json", None, "no json", "does not describe a model"),
        ("./own.json", None, '{"wake_word": "x", "model": "own.tflite"}', "KeyError('micro')"),
        ("./own.json", None, '["a"]', "does not describe a model"),
        ("./own.json", b"", None, "no TensorFlow Lite model"),
        ("./own.json", b"hello", None, "no TensorFlow Lite model"),
        ("./own.json", b"\x1c\0\0\0TFL3" + bytes(5000), None, "is damaged"),
    ],
)
def test_a_model_that_is_none_is_told_of_before_anything_starts(
    tmp_path: Path, word: str, network: bytes | None, manifest: str | None, says: str
) -> None:
    path = model(tmp_path)
    if network is not None:
        (tmp_path / "own.tflite").write_bytes(network)
    if manifest is not None:
        path.write_text(manifest)
    options = Wake.options_type.model_validate({"words": [word]})
    with pytest.raises(ConfigError) as caught:
        Wake.check(options, tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize("changes", [{"probability_cutoff": 7}, {"sliding_window_size": 0}])
def test_a_model_with_wrong_numbers_is_told_of(tmp_path: Path, changes: dict[str, float]) -> None:
    micro = {"probability_cutoff": 0.9, "sliding_window_size": 5, **changes}
    model(tmp_path, micro=micro)
    options = Wake.options_type.model_validate({"words": ["./own.json"]})
    with pytest.raises(ConfigError, match="between 0 and 1"):
        Wake.check(options, tmp_path)


def test_the_turn_ends_when_the_key_is_released() -> None:
    """Half a second sooner than silence would end it."""
    frames = blocks([quiet(0.5), spoken("Go forward ten meters."), quiet(0.1)])
    end = frames[-1].position + frames[-1].samples
    released = ListenStatus(
        mode=ListenMode.PUSH_TO_TALK, phase=ListenPhase.RELEASED, listens=False, position=end
    )
    with stage(Vad) as vad:
        # The key may be told of before the last blocks, which wait for each other.
        vad.send("audio", *frames[:-5])
        vad.send("listening", released)
        began = vad.expect("speech", SpeechStarted)
        vad.expect_nothing("speech")
        vad.send("audio", *frames[-5:])
        ended = vad.expect("speech", SpeechEnded)
        assert (ended.turn, ended.reason) == (began.turn, EndReason.RELEASED)
        assert ended.position <= end
        later = blocks([quiet(0.2), spoken("Seven of clubs."), quiet(1)], end + 3200)
        vad.send("audio", *later)
        assert vad.expect("speech", SpeechStarted).position > end
        assert vad.expect("speech", SpeechEnded).reason is EndReason.SILENCE
