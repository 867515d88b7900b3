"""What providers of telephone lines send, as their documentation has it: a call of each dialect."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from actors.gateway.phone.dialect import PhoneDialect
from actors.gateway.phone.dialects import DIALECTS
from actors.gateway.phone.dialects.audiosocket import AudioSocketDialect

EVERY: dict[str, type[PhoneDialect]] = {
    **DIALECTS,
    AudioSocketDialect.name: AudioSocketDialect,
}
CALL_UUID = "40325ec2-5efd-4bd3-805f-53576e581d13"
SOUND = bytes(range(256)) + bytes(64)
PAYLOAD = base64.b64encode(SOUND).decode()


def tlv(kind: int, payload: bytes = b"") -> bytes:
    """Return a message of AudioSocket."""
    return bytes([kind]) + len(payload).to_bytes(2, "big") + payload


def _json(**fields: Any) -> str:
    return json.dumps(fields)


STARTS: dict[str, str | bytes] = {
    "twilio": _json(
        event="start",
        sequenceNumber="1",
        start={
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"business_id": "b42"},
        },
        streamSid="MZ1",
    ),
    "signalwire": _json(
        event="start",
        sequenceNumber="1",
        start={
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-L16", "sampleRate": 16000, "channels": 1},
            "customParameters": {"business_id": "b42"},
        },
        streamSid="MZ1",
    ),
    "telnyx": _json(
        event="start",
        sequence_number="1",
        stream_id="32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
        start={
            "user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
            "call_control_id": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
            "call_session_id": "ff55a038-6f5d-11ef-9692-02420aeffb1f",
            "from": "+13122010094",
            "to": "+13122123456",
            "tags": ["TAG1", "TAG2"],
            "client_state": "aGF2ZSBhIG5pY2UgZGF5",
            "custom_parameters": {"customer_id": "customer_123"},
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        },
    ),
    "plivo": _json(
        event="start",
        sequenceNumber=1,
        start={
            "callId": "12345678-1234-1234-1234-123456789abc",
            "streamId": "87654321-4321-4321-4321-cba987654321",
            "accountId": "MAXXXXXXXXXXXXXXXXXX",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
        },
        extra_headers="userId=12345;sessionId=abc-xyz",
    ),
    "exotel": _json(
        event="start",
        sequence_number="1",
        stream_sid="MZ1",
        start={
            "stream_sid": "MZ1",
            "call_sid": "CA1",
            "account_sid": "AC1",
            "from": "+919876543210",
            "to": "+918047491899",
            "custom_parameters": {"key1": "value1"},
            "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"},
        },
    ),
    "vonage": json.dumps(
        {
            "event": "websocket:connected",
            "content-type": "audio/l16;rate=16000",
            "uuid": CALL_UUID,
            "caller-id": "447700900123",
            "language": "en-GB",
        }
    ),
    "jambonz": json.dumps(
        {
            "sampleRate": 8000,
            "mixType": "mono",
            "callSid": CALL_UUID,
            "callId": "8a1b2c",
            "from": "+15551230000",
            "to": "+15559990000",
            "direction": "inbound",
            "business": "b42",
        }
    ),
    "jambonz-clips": json.dumps(
        {"sampleRate": 16000, "mixType": "mono", "callSid": CALL_UUID, "callId": "8a1b2c"}
    ),
    "mod_audio_fork": json.dumps({"uuid": CALL_UUID, "sampleRate": 16000, "business": "b42"}),
    "mod_audio_stream": json.dumps({"uuid": CALL_UUID, "sampleRate": "16000", "business": "b42"}),
    "asterisk": _json(
        event="MEDIA_START",
        connection_id="gw",
        channel="WebSocket/gw/0x7f3c",
        channel_id="1754477420.3",
        format="ulaw",
        optimal_frame_size=160,
        ptime=20,
        channel_variables={"__BUSINESS": "b42", "direction": "inbound"},
    ),
    "audiosocket": tlv(0x01, uuid.UUID(CALL_UUID).bytes),
}
"""The message with which each line comes up; that of AudioSocket with the first sound behind it."""

MESSAGES: dict[str, list[str | bytes]] = {
    name: [
        _json(event="media", streamSid="MZ1", media={"track": "inbound", "payload": PAYLOAD}),
        _json(event="dtmf", streamSid="MZ1", dtmf={"track": "inbound_track", "digit": "1"}),
        _json(event="mark", streamSid="MZ1", mark={"name": "m1"}),
        _json(event="stop", streamSid="MZ1", stop={"callSid": "CA1"}),
    ]
    for name in ("twilio", "signalwire", "telnyx", "exotel")
} | {
    "plivo": [
        _json(
            event="media",
            streamId="s",
            media={
                "track": "inbound",
                "timestamp": "1705312200000",
                "chunk": 41,
                "payload": PAYLOAD,
            },
        ),
        _json(event="dtmf", streamId="s", dtmf={"track": "inbound", "digit": "1"}),
        _json(event="playedStream", streamId="s", name="m1"),
        _json(event="clearedAudio", streamId="s"),
    ],
    "vonage": [
        SOUND,
        _json(event="websocket:dtmf", digit="5", duration=260),
        _json(event="websocket:notify", payload={"name": "m1"}),
        _json(event="websocket:cleared"),
    ],
    "asterisk": [
        SOUND,
        _json(event="DTMF_END", channel_id="1754477420.3", digit="1"),
        _json(event="MEDIA_MARK_PROCESSED", channel_id="1754477420.3", correlation_id="m1"),
        _json(event="MEDIA_XOFF", channel_id="1754477420.3"),
        _json(event="STATUS", channel_id="1754477420.3", queue_length=3, queue_full=False),
        _json(event="ERROR", channel_id="1754477420.3", error_text="Unable to parse"),
        "MEDIA_START connection_id:gw channel_id:1 format:slin16 optimal_frame_size:640 ptime:20",
        "DTMF_END digit:1 channel_id:1",
        "MEDIA_MARK_PROCESSED m1",
        "ERROR channel_id:1 error_text:it is out of order",
    ],
    "audiosocket": [
        tlv(0x10, SOUND),
        tlv(0x12, SOUND),
        tlv(0x03, b"1"),
        tlv(0x00),
        tlv(0xFF, b"\x02"),
        tlv(0xFF),
        tlv(0x77, b"?"),
    ],
}
for _name in ("jambonz", "jambonz-clips", "mod_audio_fork", "mod_audio_stream"):
    MESSAGES[_name] = [
        SOUND,
        _json(event="dtmf", dtmf="1", duration="1600"),
        _json(type="mark", data={"name": "m1", "event": "playout"}),
        _json(type="playDone", data={"id": "1", "playbackSeconds": "1"}),
    ]


def line_up(name: str) -> PhoneDialect:
    """Return a dialect whose line is up."""
    dialect = EVERY[name]()
    dialect.take(STARTS[name])
    if name == AudioSocketDialect.name:
        dialect.take(tlv(0x10, SOUND))
    return dialect
