"""A caller who sends silence for an hour: heard as such, nothing piles up, and others talk on."""

from __future__ import annotations

import tracemalloc

import pytest
from gateway_client import gateway_on_stage, received

from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ
from pipeline.frames import Audio, UserText

SECOND = bytes(SPEECH_RATE_HZ * SAMPLE_BYTES)
ASK_EVERY_S = 60
FLAT_BYTES = 1_500_000
"""Besides what is kept of the newest 15 s, half a MB."""


class Ticking:
    """A clock that goes on by as much as is sent."""

    def __init__(self) -> None:
        self.ns = 10**12

    def monotonic_ns(self) -> int:
        return self.ns


def silent_for(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticking()
    monkeypatch.setattr("actors.gateway.ear.time", clock)
    limits = {"sound_messages_per_s": 1e6, "bytes_per_s": 1e9}
    with gateway_on_stage(limits=limits) as gateway:
        silent, other = gateway.connect(), gateway.connect()
        session = gateway.start(silent, session_id="silent")
        gateway.start(other, session_id="other")
        heard = gateway.harness.sent["audio"]
        samples, warm = 0, 0
        for minute in range(seconds // ASK_EVERY_S):
            clock.ns += ASK_EVERY_S * 10**9

            def send() -> None:
                for _ in range(ASK_EVERY_S):
                    silent.send(SECOND)
                silent.send('{"type": "ping"}')
                assert received(silent) == {"type": "pong"}

            gateway.meanwhile(send)
            gateway.tell(other, type="text", text=f"minute {minute}")
            assert gateway.harness.expect("text", UserText).text == f"minute {minute}"
            while heard:
                block = heard.popleft()
                assert isinstance(block, Audio)
                assert block.session == session
                assert block.pcm == bytes(len(block.pcm))
                samples += block.samples
            if minute == 1:
                tracemalloc.start()
                warm = tracemalloc.get_traced_memory()[0]
        try:
            grown = tracemalloc.get_traced_memory()[0] - warm
        finally:
            tracemalloc.stop()
        assert samples == seconds * SPEECH_RATE_HZ
        assert grown < FLAT_BYTES
        caller = gateway.harness.actor._callers.get(session)
        assert caller.ear.heard_position - caller.ear.position == 0
        assert gateway.harness.actor.counters["silence_filled_in"] == 0
        for client in (silent, other):
            gateway.meanwhile(client.close)


def test_minutes_of_silence_are_heard_and_cost_nothing_f28(monkeypatch: pytest.MonkeyPatch) -> None:
    silent_for(240, monkeypatch)


@pytest.mark.slow
def test_an_hour_of_silence_is_heard_and_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    silent_for(3600, monkeypatch)
