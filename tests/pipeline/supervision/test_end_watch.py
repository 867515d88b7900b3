"""When a run whose sources have ended is over: not while somebody still works on what they gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.build import build_graph
from pipeline.config.load import load_config
from pipeline.launch.process_work import WorkDone
from pipeline.supervision.end_watch import LONGEST_S, QUIET_S, EndWatch, on_the_way

CONFIGS = Path(__file__).parents[3] / "configs"
TICK_S = 0.05


class Clock:
    """Ticks of the supervisor, and a detector that is busy until some time."""

    def __init__(self, busy_until_s: float, share: float = 1.0) -> None:
        self.now_s = 0.0
        self._busy_until_s = busy_until_s
        self._share = share
        self.watch = EndWatch(lambda: {"vad": 7}, self._work)
        self.watch.on_frame(0.0)

    def _work(self, pid: int) -> WorkDone | None:
        assert pid == 7
        return WorkDone(self._share * min(self.now_s, self._busy_until_s), 0)

    def quiet_at(self, most_s: float = 2 * LONGEST_S) -> float:
        while self.now_s < most_s:
            self.now_s += TICK_S
            if self.watch.is_quiet(self.now_s):
                return self.now_s
        raise AssertionError("never quiet")


def test_nothing_for_a_while_is_the_end() -> None:
    assert Clock(busy_until_s=0).quiet_at() == pytest.approx(QUIET_S, abs=2 * TICK_S)


def test_who_only_beats_does_not_hold_up_the_end_on_an_emulated_processor_either() -> None:
    beats = Clock(busy_until_s=99, share=0.1)
    assert beats.quiet_at() == pytest.approx(QUIET_S, abs=2 * TICK_S)


@pytest.mark.parametrize("busy_s", [0.6, 1.0, 5.0, 30.0])
def test_who_is_at_work_on_the_end_of_the_question_is_waited_for(busy_s: float) -> None:
    assert busy_s + 0.2 < Clock(busy_s).quiet_at() < busy_s + 3 * QUIET_S


def test_who_computes_for_ever_is_not() -> None:
    assert Clock(busy_until_s=1e9).quiet_at() == pytest.approx(LONGEST_S, abs=2 * QUIET_S)


def test_a_frame_begins_the_wait_anew() -> None:
    clock = Clock(busy_until_s=0)
    with pytest.raises(AssertionError, match="never quiet"):
        clock.quiet_at(most_s=QUIET_S - TICK_S)
    clock.watch.on_frame(clock.now_s)
    assert clock.quiet_at() > 2 * QUIET_S - 3 * TICK_S


def test_a_process_that_is_gone_is_not_at_work() -> None:
    watch = EndWatch(lambda: {"vad": 7}, lambda _: None)
    watch.on_frame(0.0)
    assert [watch.is_quiet(tick * 0.5) for tick in range(1, 4)] == [False, True, True]


def test_between_a_source_and_a_turn_are_those_who_hear_and_see() -> None:
    def way(name: str) -> set[str]:
        path = CONFIGS / name
        return on_the_way(build_graph(load_config(path), path))

    assert way("demo.yaml") == {"vad", "tools", "speaker"}
