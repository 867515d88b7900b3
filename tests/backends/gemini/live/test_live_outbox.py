"""A network that takes nothing: sound waits within bounds, and nothing else is ever dropped."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from actors.backends.gemini.live import outbox as outbox_module
from actors.backends.gemini.live.outbox import MOST_AGE_S, MOST_BYTES, Outbox, QueuedSound
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import SendActivity, SendText

BLOCK = bytes(640)
STARTED, ENDED = SendActivity(Activity.STARTED), SendActivity(Activity.ENDED)


def drained(outbox: Outbox) -> list[object]:
    async def take() -> list[object]:
        taken: list[object] = []
        while outbox:
            taken.append(await outbox.get())
        return taken

    return asyncio.run(take())


def test_all_goes_out_in_its_order() -> None:
    outbox = Outbox(Counter())
    outbox.put(STARTED)
    outbox.put_sound(BLOCK, 1)
    outbox.put(ENDED)
    kinds = [item if not isinstance(item, QueuedSound) else item.pcm for item in drained(outbox)]
    assert kinds == [STARTED, BLOCK, ENDED]


def test_sound_is_bounded_by_bytes_the_oldest_goes_and_control_stays() -> None:
    counters: Counter[str] = Counter()
    outbox = Outbox(counters)
    outbox.put(STARTED)
    blocks = MOST_BYTES // len(BLOCK) + 100
    for number in range(blocks):
        outbox.put_sound(BLOCK, number)
    outbox.put(ENDED)
    outbox.put(SendText("hello"))
    sent = drained(outbox)
    sounds = [item.origin_ns for item in sent if isinstance(item, QueuedSound)]
    assert len(sounds) * len(BLOCK) <= MOST_BYTES
    assert sounds == list(range(blocks - len(sounds), blocks)), "the newest, in their order"
    assert counters["audio_dropped_bytes"] == (blocks - len(sounds)) * len(BLOCK)
    assert [item for item in sent if not isinstance(item, QueuedSound)] == [
        STARTED,
        ENDED,
        SendText("hello"),
    ]


def test_sound_that_waited_too_long_does_not_go_out(monkeypatch: pytest.MonkeyPatch) -> None:
    counters: Counter[str] = Counter()
    outbox = Outbox(counters)
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(outbox_module.time, "monotonic_ns", lambda: now_ns)
    outbox.put(STARTED)
    outbox.put_sound(BLOCK, 1)
    now_ns += int((MOST_AGE_S + 1) * 1e9)
    outbox.put_sound(BLOCK, 2)
    outbox.put(ENDED)
    assert len(outbox) == 3, "it is not kept either"
    sent = drained(outbox)
    assert [item.origin_ns for item in sent if isinstance(item, QueuedSound)] == [2]
    assert counters["audio_dropped_bytes"] == len(BLOCK)
    assert (sent[0], sent[-1]) == (STARTED, ENDED)
