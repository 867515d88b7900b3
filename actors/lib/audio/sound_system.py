"""What PulseAudio or PipeWire know of the devices and PortAudio does not: Bluetooth, defaults.

Asked by `pactl`, which both bring along; without it, or without a sound server, nothing is known.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import DeviceError

T = TypeVar("T")

PATIENCE_S = 5.0
"""As long as a dead sound server takes to be given up by its own library."""


class HeadsetUse(StrEnum):
    """What a Bluetooth headset is good for in a profile."""

    MUSIC = "music"
    """A2DP: a good sound, and no microphone."""
    TALK = "talk"
    """HFP, HSP: a microphone, and the sound of a telephone."""
    NOTHING = "off"


class Profile(BaseModel):
    """One way to use a card."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    description: str = ""
    sinks: int = 0
    sources: int = 0
    priority: int = 0
    available: bool = True

    @property
    def use(self) -> HeadsetUse:
        """What it is good for."""
        if not self.sinks:
            return HeadsetUse.NOTHING
        return HeadsetUse.TALK if self.sources else HeadsetUse.MUSIC


class Card(BaseModel):
    """A card as `pactl` lists it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    properties: dict[str, str] = {}
    profiles: dict[str, Profile] = {}
    active_profile: str = ""

    @property
    def is_bluetooth(self) -> bool:
        """Whether it is a headset, or a loudspeaker, without a wire."""
        bus, api = (self.properties.get(f"device.{key}", "") for key in ("bus", "api"))
        return bus == "bluetooth" or api.startswith("bluez")

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.properties.get("device.description") or self.name

    @property
    def use(self) -> HeadsetUse:
        """What it is used for now."""
        active = self.profiles.get(self.active_profile)
        return active.use if active is not None else HeadsetUse.NOTHING

    def profile_for(self, use: HeadsetUse) -> str | None:
        """Return the best profile for a use; None: it has none that works now."""
        fitting = [
            (each.priority, name)
            for name, each in self.profiles.items()
            if each.available and each.use is use
        ]
        return max(fitting)[1] if fitting else None


class ServerDevice(BaseModel):
    """A sink or a source as `pactl` lists it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    description: str = ""
    sample_specification: str = ""


class _Info(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    server_name: str = ""
    default_sink_name: str = ""
    default_source_name: str = ""


@dataclass(frozen=True)
class SoundSystem:
    """A sound server at a glance.

    Attributes:
        name: What it calls itself.
        speaker: Where is played what names no device; None: nowhere.
        microphone: Likewise.
        headsets: Cards of Bluetooth.
    """

    name: str
    speaker: ServerDevice | None = None
    microphone: ServerDevice | None = None
    headsets: Sequence[Card] = field(default_factory=tuple)

    def lines(self) -> list[str]:
        """Say it, a line each."""
        said = [f"sound server: {self.name}"]
        for what, device in (("plays on", self.speaker), ("hears with", self.microphone)):
            if device is not None:
                title = device.description or device.name
                said.append(f"  by default it {what} {title} ({device.sample_specification})")
        return said + [f"  {describe(card)}" for card in self.headsets]


def describe(card: Card) -> str:
    """Say of a headset what it can do as it is set, and what can be done about it."""
    other = HeadsetUse.MUSIC if card.use is HeadsetUse.TALK else HeadsetUse.TALK
    can_change = card.profile_for(other) is not None
    change = f"; `greenroom devices --headset {other}` changes that" if can_change else ""
    match card.use:
        case HeadsetUse.TALK:
            return f"{card.title}: set for talking, with its microphone, like a telephone{change}"
        case HeadsetUse.MUSIC if can_change:
            return f"{card.title}: set for music, WITHOUT its microphone{change}"
        case HeadsetUse.MUSIC:
            return f"{card.title}: plays, and has no microphone that works"
        case _:
            return f"{card.title}: switched off{change}"


Ask = Callable[..., str]
"""Calls `pactl` with arguments; returns what it printed, or raises `DeviceError`."""


def pactl(*arguments: str) -> str:
    """Ask the sound server.

    Raises:
        DeviceError: there is no `pactl`, no server, or it does not do as it is told.
    """
    try:
        done = subprocess.run(
            ["pactl", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except FileNotFoundError:
        hint = "Debian, Ubuntu: apt install pulseaudio-utils"
        raise DeviceError(f"there is no pactl ({hint})") from None
    except subprocess.TimeoutExpired:
        raise DeviceError(f"the sound server gave no answer within {PATIENCE_S:g} s") from None
    if done.returncode:
        raise DeviceError(f"pactl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def look(ask: Ask = pactl) -> SoundSystem:
    """Return what the sound server knows.

    Raises:
        DeviceError: there is none, or nobody who could ask it.
    """
    info = _parsed(_Info, ask("--format=json", "info"))
    sinks, sources = (
        _parsed(list[ServerDevice], ask("--format=json", "list", kind))
        for kind in ("sinks", "sources")
    )
    cards = _parsed(list[Card], ask("--format=json", "list", "cards"))
    return SoundSystem(
        name=info.server_name,
        speaker=next((each for each in sinks if each.name == info.default_sink_name), None),
        microphone=next((each for each in sources if each.name == info.default_source_name), None),
        headsets=tuple(card for card in cards if card.is_bluetooth),
    )


def set_headsets(use: HeadsetUse, ask: Ask = pactl) -> list[str]:
    """Set each Bluetooth headset for a use; return what became of each, in words.

    Raises:
        DeviceError: there is none, none can be used so, or the sound server refuses.
    """
    headsets = look(ask).headsets
    if not headsets:
        raise DeviceError("no Bluetooth headset is connected: `bluetoothctl connect ADDRESS`")
    said = []
    for card in headsets:
        profile = card.profile_for(use)
        if profile is None:
            continue
        if card.use is not use:
            ask("set-card-profile", card.name, profile)
        said.append(f"{card.title}: {card.profiles[profile].description or profile}")
    if not said:
        names = ", ".join(card.title for card in headsets)
        raise DeviceError(f"{names} cannot be used for {use}: it has no such profile now")
    return said


def _parsed(kind: type[T], text: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(json.loads(text or "[]"))
    except (ValueError, ValidationError) as error:
        raise DeviceError(f"pactl gave what is not understood: {error}") from error
