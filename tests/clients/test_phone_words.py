"""Field names of telephone providers, as who else speaks with them has them.

They install what they ask: `pytest -m slow -s tests/clients`.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest
from dialect_rows import said
from environments import client_command, run_client
from phone_lines import MESSAGES, SOUND, STARTS, line_up
from test_clients import CLIENTS

from actors.gateway.phone.dialect import CallStarted, KeyPressed, MarkReached, SoundHeard
from actors.gateway.phone.dialects.plivo import PlivoDialect

pytestmark = pytest.mark.slow
STREAMS = {
    "twilio": "MZ1",
    "telnyx": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
    "plivo": "87654321-4321-4321-4321-cba987654321",
    "exotel": "MZ1",
    "vonage": "",
}
"""Names of the streams of `STARTS`, where they have one."""
LINEAR = {"exotel", "vonage"}
THEIRS = bytes(range(256)) * 25
"""What the program says, PCM16."""


@pytest.fixture(scope="module")
def pipecat() -> dict[str, Any]:
    """What Pipecat says and understands."""
    given = {
        name: {
            "stream": stream,
            "messages": [
                "base64:" + base64.b64encode(message).decode()
                if isinstance(message, bytes)
                else message
                for message in (STARTS[name], *MESSAGES[name])
            ],
        }
        for name, stream in STREAMS.items()
    }
    environment = os.environ | {"PHONE_WORDS": json.dumps(given)}
    # As in the other tests with it, so that it is installed once.
    command = client_command(CLIENTS["pipecat_pipeline.py"], "pipecat_words.py")
    found: dict[str, Any] = json.loads(run_client(command, environment).splitlines()[-1])
    return found


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_sound_is_thrown_away_as_pipecat_has_it(pipecat: dict[str, Any], name: str) -> None:
    assert said(line_up(name).clear()) == [pipecat[name]["clear"]]


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_sound_is_said_as_pipecat_says_it(pipecat: dict[str, Any], name: str) -> None:
    dialect = line_up(name)
    payload = THEIRS if name in LINEAR else b"\x55" * (len(THEIRS) // 2)
    ours, theirs = said(dialect.sound(payload)), pipecat[name]["sound"]
    if name == "vonage":
        # It cuts nothing, and leaves it to its transport.
        assert b"".join(ours) == base64.b64decode(theirs["binary"]) == THEIRS
        return
    (message,) = ours
    sounds = [base64.b64decode(each["media"].pop("payload")) for each in (message, theirs)]
    assert len(sounds[0]) == len(sounds[1])
    assert (sounds[0] == sounds[1]) == (name in LINEAR)
    if name == "plivo":
        theirs.pop("streamId")  # The provider's own SDK leaves it out.
    assert message == theirs


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_pipecat_takes_messages_of_our_tables_for_what_we_do(
    pipecat: dict[str, Any], name: str
) -> None:
    dialect = line_up(name)
    understood = []
    for message in MESSAGES[name]:
        events = [e for e in dialect.take(message) if isinstance(e, KeyPressed | SoundHeard)]
        sample_bytes = 2 if name in LINEAR else 1
        understood += [
            f"key {event.key}"
            if isinstance(event, KeyPressed)
            else f"sound of {len(event.payload) // sample_bytes} samples"
            for event in events
        ] or [""]
    assert pipecat[name]["understood"] == ["", *understood]
    assert any(each.startswith("sound") for each in understood)
    assert any(each.startswith("key") for each in understood)
    assert len(SOUND) == 320


def test_plivos_own_types_read_what_we_say_and_we_what_they_say() -> None:
    dialect = line_up("plivo")
    (sound,), (mark,), (clear,) = (
        said(each) for each in (dialect.sound(b"\x55" * 160), dialect.mark("m1"), dialect.clear())
    )
    ours = {"PlayAudioEvent": sound, "CheckpointEvent": mark, "ClearAudioEvent": clear}
    stream = {"sequenceNumber": 2, "streamId": STREAMS["plivo"]}
    theirs = {
        "StartEvent": json.loads(str(STARTS["plivo"])),
        "MediaEvent": {
            "event": "media",
            **stream,
            "media": {"track": "inbound", "timestamp": "0", "chunk": 1, "payload": "VQ=="},
        },
        "DtmfEvent": {
            "event": "dtmf",
            **stream,
            "dtmf": {"track": "inbound", "digit": "1", "timestamp": "20"},
        },
        "PlayedStreamEvent": {"event": "playedStream", **stream, "name": "m1"},
        "ClearedAudioEvent": {"event": "clearedAudio", **stream},
    }
    environment = os.environ | {"PHONE_WORDS": json.dumps({"ours": ours, "theirs": theirs})}
    command = client_command(
        ("plivo-stream-sdk", "plivo", "fastapi", "websockets"), "plivo_words.py"
    )
    found = json.loads(run_client(command, environment).splitlines()[-1])
    assert found["ours"] == ours
    dialect = PlivoDialect()
    events = [
        event for each in found["theirs"].values() for event in dialect.take(json.dumps(each))
    ]
    assert [type(event) for event in events] == [CallStarted, SoundHeard, KeyPressed, MarkReached]


def test_jambonz_own_sdk_says_what_we_say_and_understands_the_messages_of_our_tables() -> None:
    given = {
        "start": json.loads(str(STARTS["jambonz"])),
        "messages": [each for each in MESSAGES["jambonz"] if isinstance(each, str)],
    }
    environment = os.environ | {"PHONE_WORDS": json.dumps(given)}
    command = client_command(("@jambonz/sdk", "ws"), "jambonz_words.mjs")
    found = json.loads(run_client(command, environment).splitlines()[-1])
    streaming, clips = line_up("jambonz"), line_up("jambonz-clips")
    sound, mark, clear, hang_up, clip = found["said"]
    assert streaming.sound(b"\1\2\3\4") == [base64.b64decode(sound["binary"])]
    assert said(streaming.mark("m1")) == [mark]
    assert said(streaming.clear()) == [clear]
    assert said(streaming.hang_up()) == [hang_up]
    (ours,) = said(clips.sound(bytes(6400)))
    assert ours["data"].keys() == clip["data"].keys()
    assert {**ours, "data": None} == {**clip, "data": None}
    assert (found["callSid"], found["sampleRate"]) == (given["start"]["callSid"], 8000)
    assert found["heard"] == [
        ["dtmf", {"digit": "1", "duration": "1600"}],
        ["mark", {"name": "m1", "event": "playout"}],
        ["playDone", {"id": "1", "playbackSeconds": "1"}],
    ]
