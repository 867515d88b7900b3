"""What a sound server says of its devices: Bluetooth profiles seen, said, and changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors.lib.audio.sound_system import HeadsetUse, look, set_headsets
from pipeline.errors import DeviceError

BOTH = {
    "a2dp-sink": {"description": "High Fidelity Playback (A2DP Sink, codec AAC)", "sinks": 1},
    "headset-head-unit-cvsd": {"description": "HSP/HFP, codec CVSD", "sinks": 1, "sources": 1},
    "headset-head-unit": {"description": "HSP/HFP, codec mSBC", "sinks": 1, "sources": 1},
    "off": {"description": "Off"},
}
PRIORITIES = {"a2dp-sink": 132, "headset-head-unit-cvsd": 1, "headset-head-unit": 2, "off": 0}


class Server:
    """A sound server with a headset, as `pactl` shows it."""

    def __init__(self, active: str, unavailable: str = "", profiles: Any = BOTH) -> None:
        self.done: list[tuple[str, ...]] = []
        self._cards = [
            {"name": "alsa_card.usb", "properties": {"device.bus": "usb"}, "profiles": {}},
            {
                "name": "bluez_card.AA",
                "properties": {"device.bus": "bluetooth", "device.description": "WH-1000"},
                "active_profile": active,
                "profiles": {
                    name: {
                        "sources": 0,
                        "priority": PRIORITIES[name],
                        "available": name != unavailable,
                        **fields,
                    }
                    for name, fields in profiles.items()
                },
            },
        ]

    def pactl(self, *arguments: str) -> str:
        match arguments:
            case ("--format=json", "info"):
                return json.dumps({"server_name": "PulseAudio", "default_sink_name": "bt"})
            case ("--format=json", "list", "cards"):
                return json.dumps(self._cards)
            case ("--format=json", "list", "sinks"):
                sink = {"name": "bt", "sample_specification": "s16le 1ch 16000Hz", "volume": {}}
                return json.dumps([sink])
            case ("--format=json", "list", "sources"):
                return ""
        self.done.append(arguments)
        return ""


def test_a_headset_for_music_is_said_to_have_no_microphone_and_what_gives_it_one() -> None:
    said = look(Server("a2dp-sink").pactl).lines()
    assert said == [
        "sound server: PulseAudio",
        "  by default it plays on bt (s16le 1ch 16000Hz)",
        "  WH-1000: set for music, WITHOUT its microphone; "
        "`greenroom devices --headset talk` changes that",
    ]


@pytest.mark.parametrize(
    ("active", "unavailable", "said"),
    [
        ("headset-head-unit", "", "WH-1000: set for talking, with its microphone"),
        ("off", "", "WH-1000: switched off; `greenroom devices --headset talk`"),
        ("unheard of", "", "WH-1000: switched off"),
    ],
)
def test_what_else_a_headset_may_be_set_for(active: str, unavailable: str, said: str) -> None:
    assert said in look(Server(active, unavailable).pactl).lines()[-1]


def test_a_loudspeaker_has_nothing_to_be_changed() -> None:
    loudspeaker = Server("a2dp-sink", profiles={"a2dp-sink": BOTH["a2dp-sink"]})
    assert look(loudspeaker.pactl).lines()[-1].endswith("plays, and has no microphone that works")
    with pytest.raises(DeviceError, match="WH-1000 cannot be used for talk"):
        set_headsets(HeadsetUse.TALK, loudspeaker.pactl)


def test_the_better_profile_that_works_is_taken() -> None:
    server = Server("a2dp-sink")
    assert set_headsets(HeadsetUse.TALK, server.pactl) == ["WH-1000: HSP/HFP, codec mSBC"]
    assert server.done == [("set-card-profile", "bluez_card.AA", "headset-head-unit")]
    old = Server("a2dp-sink", unavailable="headset-head-unit")
    assert set_headsets(HeadsetUse.TALK, old.pactl) == ["WH-1000: HSP/HFP, codec CVSD"]


def test_one_that_is_set_so_already_is_left_alone() -> None:
    server = Server("headset-head-unit-cvsd")
    set_headsets(HeadsetUse.TALK, server.pactl)
    assert server.done == []
    set_headsets(HeadsetUse.MUSIC, server.pactl)
    assert server.done == [("set-card-profile", "bluez_card.AA", "a2dp-sink")]


def test_where_there_is_no_headset_it_is_said_how_to_get_one() -> None:
    def none(*arguments: str) -> str:
        return "{}" if arguments[-1] == "info" else "[]"

    with pytest.raises(DeviceError, match="no Bluetooth headset is connected: `bluetoothctl"):
        set_headsets(HeadsetUse.TALK, none)


def test_a_server_that_talks_nonsense_is_no_traceback() -> None:
    with pytest.raises(DeviceError, match="not understood"):
        look(lambda *_: "<xml>")
