"""Asks, in a thread, whether what was said before a pause is a complete sentence."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from actors.hearing.vad.stream import Verdict
from actors.lib.audio.pcm import Samples
from pipeline.logs import Logger

if TYPE_CHECKING:
    from actors.hearing.vad.smart_turn.network import SmartTurn

PATIENCE_S = 1.3
"""For a verdict. It is asked for 0.2 s into a pause, and no turn is to wait longer than one that is
not complete. A verdict takes 0.1 s of an x86-64 processor and several times that of a Raspberry
Pi. When time is over, silence ends the turn as if nobody had been asked."""


class CompletenessJudge:
    """One network and one thread for all sessions, so that listening goes on meanwhile."""

    def __init__(self, log: Logger, counters: Counter[str], gauges: dict[str, float]) -> None:
        self._log = log
        self._counters = counters
        self._gauges = gauges
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="end-of-turn")
        self._network: SmartTurn | None = None

    def start(self) -> None:
        """Load the network, in the thread: who is restarted listens at once."""
        self._thread.submit(self._loaded)

    def close(self) -> None:
        """Leave the questions that wait unanswered."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def ask(self, sound: Samples) -> Verdict:
        """Return what will hold the verdict on a sound that ends in a pause."""
        loop = asyncio.get_running_loop()
        verdict: Verdict = loop.create_future()
        work = loop.run_in_executor(self._thread, self._judge, sound)
        work.add_done_callback(partial(self._on_judged, verdict))
        loop.call_later(PATIENCE_S, self._give_up, verdict)
        return verdict

    def _loaded(self) -> SmartTurn:
        if self._network is None:
            from actors.hearing.vad.smart_turn.network import SmartTurn

            self._network = SmartTurn()
        return self._network

    def _judge(self, sound: Samples) -> tuple[float, float]:
        """Return the verdict and how long it took of the processor, in s."""
        network = self._loaded()
        began_s = time.thread_time()
        return network.probability(sound), time.thread_time() - began_s

    def _on_judged(self, verdict: Verdict, work: asyncio.Future[tuple[float, float]]) -> None:
        if work.cancelled():
            return
        error = work.exception()
        if error is not None:
            self._counters["pauses_not_judged"] += 1
            if self._counters["pauses_not_judged"] == 1:
                self._log.error("cannot judge pauses; silence ends the turns", exc_info=error)
        else:
            self._counters["pauses_judged"] += 1
            self._gauges["pause_judged_ms"] = round(work.result()[1] * 1000, 1)
        if not verdict.done():
            verdict.set_result(None if error is not None else work.result()[0])

    def _give_up(self, verdict: Verdict) -> None:
        if not verdict.done():
            self._counters["pauses_judged_late"] += 1
            verdict.set_result(None)
