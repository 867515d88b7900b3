"""Noise between answers, where it is asked for."""

from __future__ import annotations

import time

import numpy as np
import pytest
from gateway_client import gateway_on_stage
from phone_client import TwilioEnd, sound_of

from actors.lib.audio import g711
from actors.lib.audio.pcm import level_dbfs

ANSWER_SAMPLES = 24_000 // 5
"""200 ms."""


def test_noise_fills_pauses_and_gives_way_to_answers() -> None:
    with gateway_on_stage(prebuffer_ms=0, phone={"comfort_noise_dbfs": -60}) as gateway:
        phone = TwilioEnd(gateway)
        began_s = time.monotonic()
        phone.begin()
        noise = g711.decode(phone.sound(200), g711.mulaw_levels())
        took_s = time.monotonic() - began_s
        assert len(noise) <= (took_s + 0.04) * 8000, "no faster than it is heard"
        assert level_dbfs(noise) == pytest.approx(-60, abs=1.5)
        gateway.answer(f"{phone.session}:0", np.full(ANSWER_SAMPLES, 8000, np.int16))
        heard = g711.decode(sound_of(phone.until("mark")), g711.mulaw_levels())
        (loud,) = np.nonzero(heard > 4000)
        assert len(loud) == pytest.approx(1600, abs=40)
        assert loud[-1] - loud[0] + 1 == len(loud), "no noise within it"
        after = g711.decode(phone.sound(200), g711.mulaw_levels())
        assert level_dbfs(after[-800:]) == pytest.approx(-60, abs=1.5)
        gateway.meanwhile(phone.client.close)


def test_a_line_is_silent_if_it_is_not_asked_for() -> None:
    with gateway_on_stage(prebuffer_ms=0) as gateway:
        phone = TwilioEnd(gateway)
        phone.begin()
        assert not sound_of(phone.within(0.3))
        gateway.meanwhile(phone.client.close)
