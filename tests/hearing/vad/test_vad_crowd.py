"""Many sessions: their windows are judged together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from actors.hearing.vad import Vad, waiting_blocks
from actors.hearing.vad.energy import EnergyEngine
from actors.lib.audio.pcm import Samples
from pipeline.frames import Audio
from pipeline.testing import stage


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many windows were judged at once, each time."""
    counts: list[int] = []
    plain = EnergyEngine.together

    def together(asked: Sequence[tuple[EnergyEngine, Samples]]) -> list[float]:
        counts.append(len(asked))
        return plain(asked)

    monkeypatch.setattr(EnergyEngine, "together", staticmethod(together))
    return counts


def blocks(sessions: int, position: int) -> list[Audio]:
    return [
        Audio(session=f"caller-{n}", position=position, pcm=bytes(640)) for n in range(sessions)
    ]


@pytest.mark.parametrize("sessions", [1, waiting_blocks.CROWD - 2, waiting_blocks.CROWD, 100])
def test_what_comes_of_all_within_a_moment_is_judged_together(
    sessions: int, judged: list[int]
) -> None:
    with stage(Vad, engine="energy") as vad:
        for block in blocks(sessions, 0):
            vad.open(block.session)
        for turn in range(3):
            vad.send("audio", *blocks(sessions, 320 * turn))
            said = sessions * (turn + 1)
            vad.until(lambda said=said: sum(judged) == said, "judgement")  # type: ignore[misc]
    assert judged == [sessions] * 3


def test_a_replay_is_judged_as_it_comes(judged: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        waiting_blocks, "TOGETHER_S", 60.0
    )  # Longer than the test waits for anything.
    with stage(Vad, engine="energy") as vad:
        for block in blocks(waiting_blocks.CROWD, 0):
            vad.open(block.session)
        rounds = -(-waiting_blocks.MOST_TOGETHER // waiting_blocks.CROWD)
        for turn in range(rounds - 1):
            vad.send("audio", *blocks(waiting_blocks.CROWD, 320 * turn))
        assert not judged
        vad.send("audio", *blocks(waiting_blocks.CROWD, 320 * (rounds - 1)))
        vad.until(lambda: sum(judged) == rounds * waiting_blocks.CROWD, "judgement")
