"""Somebody who waits for an answer hears that the line is still up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_client import TwilioEnd, sound_of

from actors.gateway.phone.waiting import PAUSE_MS, TONE_HZ, TONE_MS, SilenceClock, waiting_tones
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import AnswerAudio, EndReason, Outcome, SpeechEnded, SpeechStarted, TurnClosed

S = 1_000_000_000
WAITS_S = 1.0
TONES_BYTES = 8 * (2 * TONE_MS + PAUSE_MS)
"""Of mu-law at 8 kHz."""


def test_it_is_time_when_nothing_was_heard_for_so_long() -> None:
    clock = SilenceClock(5 * S, 0)
    assert not clock.is_due(4 * S, left_ns=0, speaking=False)
    assert clock.is_due(5 * S, left_ns=0, speaking=False)
    assert not clock.is_due(9 * S, left_ns=0, speaking=False), "it counts anew"
    assert clock.is_due(10 * S, left_ns=0, speaking=False)


def test_sound_and_speech_begin_it_anew() -> None:
    clock = SilenceClock(5 * S, 0)
    assert not clock.is_due(4 * S, left_ns=2 * S, speaking=False)
    assert not clock.is_due(10 * S, left_ns=0, speaking=False), "it was heard until 6 s"
    assert not clock.is_due(10 * S, left_ns=0, speaking=True)
    assert not clock.is_due(14 * S, left_ns=0, speaking=False)
    assert clock.is_due(15 * S, left_ns=0, speaking=False)


def test_the_tones_are_soft_short_and_of_their_frequency() -> None:
    tones = waiting_tones().astype(np.float64)
    assert len(tones) == RATE_HZ * (2 * TONE_MS + PAUSE_MS) // 1000
    power = np.abs(np.fft.rfft(tones)) ** 2
    peak_hz = int(power.argmax()) * RATE_HZ / len(tones)
    assert abs(peak_hz - TONE_HZ) < 5
    assert 500 < np.abs(tones).max() < 2000
    assert abs(tones[0]) < 50


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, phone={"waiting_s": WAITS_S}) as on_stage:
        yield on_stage


@pytest.fixture
def phone(gateway: GatewayOnStage) -> Iterator[TwilioEnd]:
    end = TwilioEnd(gateway)
    end.begin()
    yield end
    gateway.meanwhile(end.client.close)


def begin_speech(gateway: GatewayOnStage, phone: TwilioEnd, turn: str) -> None:
    started = SpeechStarted(session=phone.session, turn=turn, position=0, at_ns=time.monotonic_ns())
    gateway.harness.send("speech", started)


def ask(gateway: GatewayOnStage, phone: TwilioEnd) -> str:
    """Say something; return its turn."""
    turn = f"{phone.session}:0"
    begin_speech(gateway, phone, turn)
    ended = SpeechEnded(
        session=phone.session,
        turn=turn,
        start_position=0,
        position=8000,
        at_ns=time.monotonic_ns(),
        reason=EndReason.SILENCE,
    )
    gateway.harness.send("speech", ended)
    return turn


def test_who_waits_hears_tones_until_the_turn_is_closed(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    turn = ask(gateway, phone)
    heard = sound_of(phone.until("media"))
    heard += sound_of(phone.within(WAITS_S / 2))
    assert len(heard) == TONES_BYTES
    assert phone.until("media"), "and again, after as long"
    closed = TurnClosed(session=phone.session, turn=turn, outcome=Outcome.INTERRUPTED, reason="")
    gateway.harness.send("turns", closed)
    phone.within(WAITS_S / 2)
    assert sound_of(phone.within(1.5 * WAITS_S)) == b""


def test_who_is_answered_hears_the_answer_and_no_tone(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    turn = ask(gateway, phone)
    answer = AnswerAudio(
        session=phone.session,
        turn=turn,
        epoch=0,
        backend="live",
        position=0,
        pcm=np.full(RATE_HZ // 2, 3000, "<i2").tobytes(),
    )
    gateway.harness.send("audio", answer)
    heard = sound_of(phone.within(0.5 + WAITS_S / 2))
    assert len(heard) <= 8000 // 2 + 160, "half a second of answer, and the block that is held back"


def test_who_speaks_on_hears_no_tone(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    ask(gateway, phone)
    begin_speech(gateway, phone, f"{phone.session}:1")
    assert sound_of(phone.within(1.5 * WAITS_S)) == b""
