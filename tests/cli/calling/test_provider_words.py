"""What each provider says, and what it takes, by tables."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sides import CALL_ID, FACTS, Side

from actors.cli.calling.provider_words import CallFacts, Words
from actors.cli.calling.providers import PROVIDERS
from pipeline.errors import ConfigError


def b64(payload: bytes) -> str:
    return base64.b64encode(payload).decode()


ULAW = b64(b"\xff" * 160)
PCM = b64(b"\0" * 320)
BEGINS: dict[str, list[Any]] = {
    "twilio": [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": "MZ1",
            "start": {
                "streamSid": "MZ1",
                "accountSid": "AC00000000000000000000000000000001",
                "callSid": CALL_ID,
                "tracks": ["inbound"],
                "customParameters": {"business": "b42"},
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            },
        },
    ],
    "plivo": [
        {
            "sequenceNumber": 0,
            "event": "start",
            "streamId": "MZ1",
            "start": {
                "callId": CALL_ID,
                "streamId": "MZ1",
                "accountId": "MA0000000000000001",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
            },
            "extra_headers": "business=b42",
        }
    ],
    "vonage": [
        {
            "event": "websocket:connected",
            "content-type": "audio/l16;rate=16000",
            "business": "b42",
        }
    ],
    "jambonz": [
        {
            "callSid": CALL_ID,
            "from": "+491",
            "to": "+492",
            "direction": "inbound",
            "sampleRate": 8000,
            "mixType": "mono",
            "business": "b42",
        }
    ],
    "chan_websocket": [
        {
            "event": "MEDIA_START",
            "connection_id": "greenroom",
            "channel": "WebSocket/greenroom/MZ1",
            "channel_id": CALL_ID,
            "format": "ulaw",
            "optimal_frame_size": 160,
            "ptime": 20,
            "channel_variables": {"CALLERID(num)": "+491", "business": "b42"},
        }
    ],
}


@pytest.mark.parametrize("name", BEGINS)
def test_the_first_messages(name: str) -> None:
    first = Side(name).first
    assert [json.loads(each) for each in first] == BEGINS[name]


def test_a_call_of_audiosocket_begins_with_its_uuid() -> None:
    assert Side("audiosocket").first == [b"\x01\x00\x10" + bytes.fromhex(CALL_ID.replace("-", ""))]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "twilio",
            {
                "event": "media",
                "sequenceNumber": "2",
                "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": ULAW},
                "streamSid": "MZ1",
            },
        ),
        (
            "telnyx",
            {
                "event": "media",
                "sequence_number": "2",
                "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": ULAW},
                "stream_id": "MZ1",
            },
        ),
        (
            "plivo",
            {
                "sequenceNumber": 1,
                "event": "media",
                "streamId": "MZ1",
                "media": {"track": "inbound", "timestamp": "0", "chunk": 1, "payload": ULAW},
            },
        ),
        (
            "exotel",
            {
                "event": "media",
                "sequence_number": "2",
                "stream_sid": "MZ1",
                "media": {"chunk": "1", "timestamp": "0", "payload": PCM},
            },
        ),
    ],
)
def test_a_block_of_the_person_in_json(name: str, message: dict[str, Any]) -> None:
    side = Side(name)
    silence = side.form.decode(side.form.encode(side.form.decode(side.sound(0.02)))) * 0
    (said,) = side.side.speak(silence)
    assert json.loads(said) == message


@pytest.mark.parametrize(
    ("name", "rate_hz", "size"),
    [
        ("vonage", 16_000, 640),
        ("vonage", 24_000, 960),
        ("jambonz", 8_000, 320),
        ("mod_audio_stream", 16_000, 640),
        ("mod_audio_fork", 8_000, 320),
        ("chan_websocket", 8_000, 160),
        ("chan_websocket", 16_000, 640),
        ("audiosocket", 8_000, 323),
        ("audiosocket", 16_000, 643),
    ],
)
def test_a_block_of_the_person_in_bytes(name: str, rate_hz: int, size: int) -> None:
    side = Side(name, rate_hz)
    (said,) = side.side.speak(side.form.decode(side.sound(0.02)))
    assert isinstance(said, bytes)
    assert len(said) == size
    if name == "audiosocket":
        assert said[:3] == bytes([{8_000: 0x10, 16_000: 0x12}[rate_hz]]) + (size - 3).to_bytes(2)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("twilio", {"dtmf": {"track": "inbound_track", "digit": "5"}}),
        ("telnyx", {"dtmf": {"digit": "5"}}),
        ("plivo", {"dtmf": {"track": "inbound", "digit": "5", "timestamp": "1500"}}),
        ("exotel", {"dtmf": {"digit": "5", "duration": "100"}}),
        ("vonage", {"event": "websocket:dtmf", "digit": "5"}),
        ("jambonz", {"event": "dtmf", "dtmf": "5"}),
        ("chan_websocket", {"event": "DTMF_END", "digit": "5"}),
    ],
)
def test_a_key(name: str, told: dict[str, Any]) -> None:
    (message,) = Side(name).side.press("5", 1.5)
    read = json.loads(message)
    assert {field: read[field] for field in told} == told


def test_a_key_where_it_is_a_packet_or_has_no_word() -> None:
    assert Side("audiosocket").side.press("#", 1.0) == [b"\x03\x00\x01#"]
    for name in ("mod_audio_stream", "mod_audio_fork"):
        assert Side(name).side.press("5", 1.0) == []


CLIP = {"audioContentType": "raw", "sampleRate": 8000, "audioContent": PCM}
STREAMED = {"audioDataType": "raw", "sampleRate": 8000, "audioData": PCM}
TAKEN: list[tuple[str, Words | dict[str, Any]]] = [
    ("twilio", {"event": "media", "streamSid": "MZ1", "media": {"payload": ULAW}}),
    ("signalwire", {"event": "media", "streamSid": "MZ1", "media": {"payload": ULAW}}),
    ("telnyx", {"event": "media", "media": {"payload": ULAW}}),
    (
        "plivo",
        {
            "event": "playAudio",
            "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": ULAW},
        },
    ),
    ("exotel", {"event": "media", "stream_sid": "MZ1", "media": {"payload": b64(bytes(3200))}}),
    ("vonage", bytes(640)),
    ("jambonz", bytes(320)),
    ("jambonz", {"type": "playAudio", "data": CLIP}),
    ("mod_audio_fork", {"type": "playAudio", "data": CLIP}),
    ("mod_audio_fork", bytes(320)),
    ("jambonz_clips", {"type": "playAudio", "data": {**CLIP, "id": "a", "queuePlay": True}}),
    ("mod_audio_stream", bytes(320)),
    ("mod_audio_stream", {"type": "streamAudio", "data": STREAMED}),
    ("chan_websocket", b"\xff" * 320),
    ("audiosocket", b"\x10\x01\x40" + bytes(320)),
]


@pytest.mark.parametrize(("name", "message"), TAKEN)
def test_sound_that_is_taken_is_played_in_its_time(
    name: str, message: Words | dict[str, Any]
) -> None:
    side = Side(name)
    side.take(message)
    waiting = side.side.waiting_s
    assert waiting >= 0.02
    prefill_s = side.side.words.prefill_s
    assert side.sounded(prefill_s + 0.01) == round(0.01 * side.form.rate_hz)
    assert side.sounded(1.0) == round((waiting - 0.01) * side.form.rate_hz)
    assert side.faults() == []


WAV = b64(b"RIFF" + bytes(400))
REFUSED: list[tuple[str, Words | dict[str, Any], str]] = [
    ("twilio", "no json", "no JSON"),
    ("twilio", "[1]", "no JSON object"),
    ("twilio", bytes(160), "binary message"),
    ("twilio", {"event": "media", "media": {"payload": ULAW}}, "streamSid is None"),
    ("twilio", {"event": "media", "streamSid": "MZ2", "media": {"payload": ULAW}}, "'MZ2'"),
    ("twilio", {"event": "mark", "streamSid": "MZ9", "mark": {"name": "a"}}, "'MZ9'"),
    ("twilio", {"event": "mark", "streamSid": "MZ1", "mark": {}}, "mark.name"),
    ("twilio", {"event": "mark", "streamSid": "MZ1", "mark": {"name": ""}}, "mark.name"),
    ("twilio", {"event": "clear", "streamSid": ""}, "streamSid"),
    ("twilio", {"event": "media", "streamSid": "MZ1", "media": {"payload": "%"}}, "base64"),
    ("twilio", {"event": "media", "streamSid": "MZ1", "media": {"payload": WAV}}, "WAV file"),
    ("twilio", {"event": "media", "streamSid": "MZ1", "media": []}, "media.payload"),
    ("twilio", {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}, "means nothing"),
    ("twilio", {"event": "hangup"}, "means nothing"),
    ("telnyx", {"event": "media", "media": {"payload": b64(bytes(159))}}, "20 ms to 30 s"),
    ("telnyx", {"event": "media", "media": {"payload": b64(bytes(240_001))}}, "20 ms to 30 s"),
    ("plivo", {"event": "playAudio", "media": {"payload": ULAW}}, "contentType"),
    ("plivo", {"event": "playAudio", "media": "raw"}, "contentType"),
    (
        "plivo",
        {
            "event": "playAudio",
            "media": {"contentType": "audio/x-l16", "sampleRate": 8000, "payload": PCM},
        },
        "the line's are",
    ),
    ("plivo", {"event": "checkpoint", "streamId": "MZ2", "name": "a"}, "'MZ2'"),
    ("plivo", {"event": "clearAudio"}, "streamId"),
    (
        "exotel",
        {"event": "media", "stream_sid": "MZ1", "media": {"payload": PCM}},
        "3200 to 100000",
    ),
    (
        "exotel",
        {"event": "media", "stream_sid": "MZ1", "media": {"payload": b64(bytes(3300))}},
        "multiple of 320",
    ),
    ("exotel", {"event": "clear", "streamSid": "MZ1"}, "stream_sid is None"),
    ("vonage", bytes(320), "exactly 20 ms"),
    ("vonage", bytes(1280), "exactly 20 ms"),
    ("vonage", {"action": "notify", "payload": "a"}, "an object"),
    ("vonage", {"event": "clear"}, "means nothing"),
    ("jambonz", bytes(321), "within a sample"),
    ("jambonz", {"type": "mark", "data": {}}, "data.name"),
    ("jambonz", {"type": "clear"}, "means nothing"),
    ("jambonz", {"type": "playAudio", "data": {**CLIP, "audioContentType": "mp3"}}, "raw"),
    ("jambonz", {"type": "playAudio", "data": {**CLIP, "sampleRate": 4}}, "sampleRate"),
    ("mod_audio_fork", bytes(321), "within a sample"),
    ("mod_audio_stream", b"RIFF" + bytes(316), "WAV file"),
    ("jambonz_clips", bytes(320), "playAudio"),
    ("jambonz_clips", {"type": "mark", "data": {"name": "a"}}, "never answered"),
    ("mod_audio_stream", {"type": "playAudio", "data": CLIP}, "means nothing"),
    ("chan_websocket", bytes(100), "whole frames"),
    ("chan_websocket", bytes(400), "80 bytes beyond"),
    ("chan_websocket", "FLUSH_MEDIA", "no JSON"),
    ("chan_websocket", {"command": "flush_media"}, "means nothing"),
    ("chan_websocket", {"command": "MARK_MEDIA", "correlation_id": "a" * 100}, "128 at most"),
    ("chan_websocket", bytes(65_600), "65500 at most"),
    ("audiosocket", b"\x11\x00\x02" + bytes(2), "kind 0x11"),
    ("audiosocket", b"\x03\x00\x011", "kind 0x03"),
]


@pytest.mark.parametrize(("name", "message", "said"), REFUSED)
def test_what_the_real_one_does_not_take_is_a_fault(
    name: str, message: Words | dict[str, Any], said: str
) -> None:
    side = Side(name)
    side.take(message)
    (fault,) = side.faults()
    assert said in fault


def test_telnyx_says_what_it_does_not_take() -> None:
    (error,) = Side("telnyx").take({"event": "media", "media": {"payload": "%"}})
    assert json.loads(error)["event"] == "error"


def test_a_clip_of_another_rate_is_converted() -> None:
    side = Side("mod_audio_stream", 8_000)
    data = {**STREAMED, "sampleRate": 24_000, "audioData": b64(bytes(4800))}
    side.take({"type": "streamAudio", "data": data})
    assert side.side.waiting_s == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_rate_that_a_provider_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="has no line of 11025 Hz"):
        PROVIDERS[name](FACTS, 11_025)


def test_the_query_goes_the_way_it_goes_at_the_provider() -> None:
    url = "wss://bot.example/phone/x?business=b1"
    assert PROVIDERS["twilio"](FACTS).dialled(url) == "wss://bot.example/phone/x"
    assert PROVIDERS["vonage"](FACTS).dialled(url) == url
    dialled = PROVIDERS["exotel"](FACTS, 16_000).dialled("wss://bot.example/x")
    assert dialled == "wss://bot.example/x?business=b42&sample-rate=16000"
    many = CallFacts("a", "b", parameters=dict.fromkeys("abcd", "1"))
    with pytest.raises(ConfigError, match="Exotel takes 3"):
        PROVIDERS["exotel"](many).dialled("wss://bot.example/x")


def test_a_call_of_audiosocket_has_a_uuid() -> None:
    with pytest.raises(ConfigError, match="UUID"):
        PROVIDERS["audiosocket"](CallFacts("CA1", "MZ1"))
