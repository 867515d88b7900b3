"""An answer comes back on the line of a call: it is no word of its caller."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from encoded_sound import tone
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_client import TwilioEnd

from actors.lib.audio import g711
from actors.lib.audio.pcm import to_samples
from pipeline.frames import Audio

LOUD = 8000.0


def on_line(amplitude: float) -> bytes:
    """A tone of 20 ms in mu-law."""
    wave = amplitude * np.sin(2 * np.pi * 400 * np.arange(160) / 8000)
    return g711.encode(wave.round().astype(np.int16), g711.mulaw_codes())


@pytest.fixture(params=["suppress", "off"])
def echo(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def gateway(echo: str) -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, phone={"echo": echo}) as on_stage:
        yield on_stage


def test_an_echo_is_heard_only_if_it_is_asked_for(gateway: GatewayOnStage, echo: str) -> None:
    phone = TwilioEnd(gateway)
    phone.begin()
    gateway.answer(f"{phone.session}:0", tone(0.6))
    phone.until("mark")
    for number in range(10):
        phone.say(on_line(LOUD / 20), number)
    for number in range(10, 20):
        phone.say(on_line(LOUD), number)
    gateway.harness.until(lambda: len(gateway.harness.sent["audio"]) >= 19, "blocks of sound")
    blocks = [each for each in gateway.harness.sent["audio"] if isinstance(each, Audio)]
    loudness = [int(np.abs(to_samples(each.pcm)).max()) for each in blocks]
    assert max(loudness[12:]) > LOUD * 0.9, "a person speaks"
    assert (max(loudness[:9]) == 0) == (echo == "suppress")
    phone.until("mark")
    phone.until("mark")
    gateway.meanwhile(phone.client.close)
