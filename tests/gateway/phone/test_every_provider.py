"""A call of every provider, as strict as the real ones are, with a gateway by itself."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from encoded_sound import tone
from gateway_client import GatewayOnStage, gateway_on_stage

from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.hearing import Hearing
from actors.cli.calling.providers import PROVIDERS
from actors.cli.calling.wanted_call import WantedCall
from actors.gateway.phone.dialects import DIALECTS
from actors.lib.audio.pcm import Samples, level_dbfs, to_samples
from pipeline.frames import (
    Audio,
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
    SpeechStarted,
    UserText,
)

PATHS = {"chan_websocket": "asterisk", "jambonz_clips": "jambonz-clips"}
"""Where the gateway names a provider otherwise."""
NO_KEYS = {"mod_audio_fork", "mod_audio_stream"}
NO_CALL_ID = {"vonage"}
"""Only the program of its call could say it."""
TONE_HZ = 440


class HummingPerson:
    """Hums all the time, presses a key when told to, and hangs up when told to."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._at = 0
        self.keys = ""
        self.leaves = threading.Event()

    def speak(self, now_s: float, hearing: Hearing) -> Samples | None:
        count = self._rate_hz // 50
        times = np.arange(self._at, self._at + count) / self._rate_hz
        self._at += count
        hum: Samples = (6_000 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
        return hum

    def press(self, now_s: float) -> str | None:
        key, self.keys = self.keys[:1], self.keys[1:]
        return key or None

    def hangs_up(self, now_s: float, hearing: Hearing) -> bool:
        return self.leaves.is_set()


def heard(gateway: GatewayOnStage, turn: str) -> list[tuple[PlaybackState, int]]:
    return [
        (each.state, each.played_samples)
        for each in gateway.harness.sent["playback"]
        if isinstance(each, Playback) and each.turn == turn
    ]


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_call_is_held_from_its_first_sound_to_the_hang_up(provider: str) -> None:
    with gateway_on_stage(prebuffer_ms=0, phone={"audiosocket_port": 0}) as gateway:
        url = f"ws://{gateway.url}/phone/{PATHS.get(provider, provider)}"
        if provider == "audiosocket":
            host, port = gateway.harness.actor._audiosocket.address
            url = f"tcp://{host}:{port}"
        call = WantedCall(url, protocol=provider, parameters=["business=b42"]).call()
        happenings: list[Happening] = []
        sound: list[Samples] = []
        dialled = DialledCall(call, happenings.append, sound.append)
        person = HummingPerson(call.words.form.rate_hz)
        future = gateway.begin(lambda: asyncio.run(dialled.run(person)))
        try:
            hold_call(gateway, provider, call.words.facts.call_id, sound, happenings)
            if provider not in NO_KEYS:
                person.keys = "5#"
                assert gateway.harness.expect("text", UserText).text.endswith(": 5#]")
        finally:
            person.leaves.set()
        ended = gateway.harness.expect("sessions", SessionEnded)
        assert ended.reason is SessionEnd.HUNG_UP
        gateway.harness.end(ended.session)
        gateway.harness.until(future.done, "the call is over")
        future.result()
        faults = [each.values for each in happenings if each.what in (What.FAULT, What.DROPPED)]
        assert not faults
        assert not gateway.harness.actor.phones.lines.lines


def hold_call(
    gateway: GatewayOnStage,
    provider: str,
    call_id: str,
    sound: list[Samples],
    happenings: list[Happening],
) -> None:
    """Be the pipeline: hear, answer, and be interrupted."""
    harness = gateway.harness
    opened = gateway.let_in()
    session = opened.session
    if provider not in NO_CALL_ID:
        assert opened.labels["call"] == call_id

    # What is said comes in, as loud as it was said.
    harness.until(lambda: len(harness.sent["audio"]) > 25, "half a second of sound")
    blocks = [each for each in harness.sent["audio"] if isinstance(each, Audio)]
    assert level_dbfs(to_samples(blocks[-1].pcm)) == pytest.approx(-17.8, abs=1.5)

    # What is answered is heard to its end, and known to be.
    gateway.answer(f"{session}:0", tone(0.6))
    finished = (PlaybackState.FINISHED, 14_400)
    harness.until(lambda: finished in heard(gateway, f"{session}:0"), "it was heard")
    assert max(level_dbfs(each) for each in sound if len(each)) > -20

    # Who speaks is not spoken over.
    gateway.answer(f"{session}:1", tone(10.0))
    harness.until(lambda: bool(heard(gateway, f"{session}:1")), "the next answer is heard")
    turn, position = f"{session}:9000000", 9_000_000
    harness.send("speech", SpeechStarted(session=session, turn=turn, position=position, at_ns=0))
    harness.until(
        lambda: heard(gateway, f"{session}:1")[-1][0] is PlaybackState.INTERRUPTED, "it stops"
    )
    assert heard(gateway, f"{session}:1")[-1][1] < 24_000
    dialect = DIALECTS.get(PATHS.get(provider, provider))
    if dialect is not None and dialect.traits.clears:
        harness.until(lambda: any(each.what is What.CLEAR for each in happenings), "clear")
