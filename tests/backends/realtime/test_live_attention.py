"""When Live reads the microphone's stream as it comes, and when it lets it wait."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import KEY, Talker, ready, simulator, sound, staged

from pipeline.frames import AnswerEnded, Audio


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def test_sound_may_wait_until_a_turn_begins_and_not_before_it_is_answered(tmp_path: Path) -> None:
    attended: list[bool] = []
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        talker = Talker(live)

        def attend(port: str, wanted: bool) -> None:
            assert port == "audio"
            attended.append(wanted)
            if wanted:
                # What waited is read at once, while the actor is about the start of the turn.
                pcm = sound(talker.position, talker.position + 320)
                live.actor.receive("audio", Audio(position=talker.position, pcm=pcm))
                talker.position += 320

        live.actor.bind_inputs(attend)
        talker.blocks(4800)
        turn = talker.start()
        talker.blocks(16_000)
        assert attended == [True]
        talker.end(turn)
        live.expect("answer", AnswerEnded)
        talker.blocks(talker.position + 320)
        live.until(lambda: attended == [True, False], "leisure")


def test_with_turns_by_the_server_sound_never_waits(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        attended: list[bool] = []
        with staged(tmp_path, connected=(), **server.address) as live:
            live.actor.bind_inputs(lambda _port, wanted: attended.append(wanted))
            ready(live)
            Talker(live).blocks(3200)
            assert attended == [True]
