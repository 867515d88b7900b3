"""Deadlines that actors have of their own, where the machine is slow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from actors import ACTORS
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.on_device.options import DeviceOptions
from actors.inputs.recording.options import RecordingOptions
from actors.lib.own_machine import is_here
from pipeline.actor import Options
from pipeline.registry import find_actor

PATIENCE = re.compile(r"(timeout|deadline|patience|waiting)s?_s$")
GROWING = {
    "device.mind.timeout_s",
    *("http.first_event_timeout_s", "http.stall_timeout_s"),
    *("live.setup_timeout_s", "live.first_sound_timeout_s", "live.stall_timeout_s"),
    "recording.answer_timeout_s",
}
AS_WRITTEN = {
    *("live.keepalive.timeout_s", "live.close_timeout_s"),  # Of the network.
    *("device.mind.tool_timeout_s", "http.tool_timeout_s"),  # Of motors and other services.
    *("tools.timeout_s", "tools.timeouts_s"),
    *("gateway.phone.waiting_s", "gateway.file_patience_s"),  # Of people.
}


def patience_of(options: type[BaseModel], prefix: str) -> Iterator[str]:
    """The options that say how long something is waited for."""
    for name, field in options.model_fields.items():
        if PATIENCE.search(name):
            yield f"{prefix}.{name}"
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from patience_of(kind, f"{prefix}.{name}")


def test_each_option_that_is_a_patience_was_decided_on() -> None:
    there = {
        each for name in ACTORS for each in patience_of(find_actor(name, Path()).options_type, name)
    }
    assert there == GROWING | AS_WRITTEN, "a new one: does it grow?"


def changed(options: Options) -> dict[str, float]:
    """Which options are how many times longer on a machine that is ten times slower."""
    before, after = options.model_dump(), options.at_pace(10).model_dump()
    return {
        name: value / (before[name] or 4.0)
        for name, value in after.items()
        if value != before[name]
    }


@pytest.mark.parametrize(
    "server",
    [{"server_file": "simulator.json"}, {"base_url": "https://127.0.0.1:8443/"}],
    ids=["simulator", "loopback"],
)
def test_a_server_on_this_machine_is_granted_what_this_machine_takes(
    server: dict[str, Any],
) -> None:
    assert changed(LiveOptions(**server)) == {
        "setup_timeout_s": 10,
        "first_sound_timeout_s": 10,
        "stall_timeout_s": 10,
    }
    assert changed(HttpOptions(**server)) == {"first_event_timeout_s": 10, "stall_timeout_s": 10}


def test_a_model_that_thinks_first_and_a_time_of_the_users_own_grow_likewise() -> None:
    thinking = LiveOptions(model="gemini-3.8-live-extended-thinking", server_file="simulator.json")
    assert thinking.at_pace(10).first_sound_timeout_s == 150
    named = LiveOptions(first_sound_timeout_s=6, server_file="simulator.json")
    assert named.at_pace(10).first_sound_timeout_s == 60


@pytest.mark.parametrize("server", [{}, {"base_url": "https://example.org/"}])
def test_the_network_is_no_slower_because_this_machine_is(server: dict[str, Any]) -> None:
    assert changed(LiveOptions(**server)) == changed(HttpOptions(**server)) == {}


@pytest.mark.parametrize(
    ("mind", "grown"),
    [
        ({"url": "http://127.0.0.1:11434/v1", "model": "m"}, 200),
        ({"url": "http://localhost:11434/v1", "model": "m"}, 200),
        ({"file": "model.gguf"}, 200),
        ({"url": "http://192.168.1.7:11434/v1", "model": "m"}, 20),
    ],
    ids=["address", "name", "file", "another machine of the house"],
)
def test_a_language_model_of_this_machine_is_waited_for(mind: dict[str, Any], grown: int) -> None:
    slower = DeviceOptions.model_validate({"mind": mind}).at_pace(10)
    assert slower.mind is not None
    assert (slower.mind.timeout_s, slower.mind.tool_timeout_s) == (grown, 30)
    assert DeviceOptions().at_pace(10) == DeviceOptions()


def test_a_recording_has_patience_with_the_answer() -> None:
    options = RecordingOptions.model_validate({"files": ["a.wav"]})
    assert options.at_pace(10).answer_timeout_s == 300


@pytest.mark.parametrize("url", ["https://localhost:1/", "http://[::1]:2/", "http://127.3.4.5"])
def test_what_is_here(url: str) -> None:
    assert is_here(url)


@pytest.mark.parametrize(
    "url", [None, "", "https://localhost.example.org", "http://[", "http://10.0.0.1"]
)
def test_what_is_elsewhere(url: str | None) -> None:
    assert not is_here(url)
