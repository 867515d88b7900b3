"""Callers who do not telephone: what a website and a Gemini SDK say, and what they take."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from sides import CALL_ID, FACTS

from actors.cli.calling.happening import What
from actors.cli.calling.orders import ClearLine, EndAnswer, Order, PlaySound, Told, WrongMessage
from actors.cli.calling.provider_words import ProviderWords
from actors.cli.calling.providers import LINES, gateway_path
from actors.cli.calling.wanted_call import WantedCall

SOUND = np.arange(480, dtype=np.int16)
PCM = SOUND.tobytes()
B64 = base64.b64encode(PCM).decode()


def understood(words: ProviderWords, **message: Any) -> list[Order]:
    return words.understand(json.dumps(message))


def test_a_website_begins_a_session_of_the_calls_name_and_waits_until_it_has_begun() -> None:
    words = LINES["website"](FACTS)
    assert words.dialled("ws://h/ws/live-audio?token=a") == (
        "ws://h/ws/live-audio?token=a&audio=binary"
    )
    (first,) = words.begin()
    assert json.loads(first) == {
        "type": "start_session",
        "session_id": CALL_ID,
        "business": "b42",
    }
    assert not words.is_ready
    (begun,) = understood(words, type="session_started", session_id=CALL_ID, resumed=False)
    assert begun == Told(What.SESSION, {"session": CALL_ID, "resumed": False})
    assert words.is_ready
    back = words.again()
    assert back is not None
    assert not back.is_ready
    assert back.begin() == [first]


@pytest.mark.parametrize(
    ("message", "orders"),
    [
        ({"type": "interrupted", "turn": "a:1", "heard_ms": 3}, [ClearLine()]),
        (
            {"type": "transcript", "turn": "a:1", "role": "user", "text": "Ten", "final": False},
            [Told(What.WORDS, {"role": "user", "text": "Ten"})],
        ),
        ({"type": "transcript", "turn": "a:1", "role": "user", "text": "", "final": True}, []),
        (
            {"type": "turn_complete", "turn": "a:1", "outcome": "answered", "answered_by": "live"},
            [
                EndAnswer(),
                Told(What.TURN, {"turn": "a:1", "outcome": "answered", "by": "live"}),
            ],
        ),
        (
            {"type": "error", "error": "no key", "code": "no_key"},
            [Told(What.ERROR, {"code": "no_key", "text": "no key"})],
        ),
        ({"type": "time_left", "seconds": 60}, []),
    ],
)
def test_a_website_takes(message: dict[str, Any], orders: list[Order]) -> None:
    assert understood(LINES["website"](FACTS), **message) == orders


@pytest.mark.parametrize("packed", [False, True])
def test_a_website_hears_sound_at_24_khz(packed: bool) -> None:
    words = LINES["website"](FACTS)
    found = words.understand(PCM) if not packed else understood(words, type="audio", data=B64)
    (played,) = found
    assert isinstance(played, PlaySound)
    assert np.array_equal(played.samples, SOUND)
    assert (words.form.rate_hz, words.heard.rate_hz) == (16_000, 24_000)


def test_what_means_nothing_to_a_website_is_wrong() -> None:
    (wrong,) = understood(LINES["website"](FACTS), type="telepathy")
    assert isinstance(wrong, WrongMessage)


def test_an_sdk_sets_up_a_conversation_and_comes_back_with_the_newest_handle() -> None:
    words = LINES["gemini"](FACTS)
    (setup,) = words.begin()
    assert json.loads(setup)["setup"]["sessionResumption"] == {}
    assert understood(words, setupComplete={}) == [
        Told(What.SESSION, {"session": CALL_ID, "resumed": False})
    ]
    understood(words, sessionResumptionUpdate={"resumable": True, "newHandle": "h1"})
    understood(words, sessionResumptionUpdate={"resumable": False, "newHandle": ""})
    (sound,) = words.sound(b"\0\1", 1, 0)
    assert json.loads(sound) == {
        "realtimeInput": {"audio": {"data": "AAE=", "mimeType": "audio/pcm;rate=16000"}}
    }
    back = words.again()
    assert back is not None
    (setup,) = back.begin()
    assert json.loads(setup)["setup"]["sessionResumption"] == {"handle": "h1"}
    assert understood(back, setupComplete={}) == [
        Told(What.SESSION, {"session": CALL_ID, "resumed": True})
    ]


def test_an_sdk_takes_sound_words_and_the_ends_of_turns() -> None:
    words = LINES["gemini"](FACTS)
    content = {
        "modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": B64}}]},
        "outputTranscription": {"text": "Ten"},
        "turnComplete": True,
    }
    played, said, end, turn = words.understand(json.dumps({"serverContent": content}).encode())
    assert isinstance(played, PlaySound)
    assert said == Told(What.WORDS, {"role": "model", "text": "Ten"})
    assert (end, turn) == (
        EndAnswer(),
        Told(What.TURN, {"turn": "", "outcome": "answered", "by": ""}),
    )
    assert understood(words, serverContent={"interrupted": True}) == [ClearLine()]
    (left,) = understood(words, goAway={"timeLeft": "5s"})
    assert isinstance(left, Told)
    assert left.what is What.ERROR


@pytest.mark.parametrize("name", LINES)
def test_every_line_is_found_by_the_path_at_which_the_gateway_takes_it(name: str) -> None:
    scheme = "tcp://127.0.0.1:9" if name == "audiosocket" else "ws://127.0.0.1:9"
    path = "" if name == "audiosocket" else gateway_path(name)
    assert WantedCall(f"{scheme}{path}").call().words.name == name


@pytest.mark.parametrize(
    ("name", "header"), [("website", "Authorization"), ("gemini", "x-goog-api-key")]
)
def test_a_key_is_shown_as_the_gateway_wants_it(name: str, header: str) -> None:
    call = WantedCall(f"wss://h{gateway_path(name)}", auth_token="k").call()
    assert call.headers[header].endswith("k")
