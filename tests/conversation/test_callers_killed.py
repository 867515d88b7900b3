"""Each actor behind five web callers killed in turn: nobody notices but for a short silence."""

from __future__ import annotations

from pathlib import Path

from benchmarks.callers_killed import KILLED, run


def test_callers_talk_on_while_each_actor_is_killed(tmp_path: Path) -> None:
    found = run(tmp_path, callers=5, settle_s=5.0, between_s=4.0)
    assert not found.account.lost()
    assert not found.account.twice()
    assert not found.account.failed()
    assert found.back_s.keys() == set(KILLED)
    # Each lost its connection once, with the gateway, and came back to the same session.
    assert len(found.reconnected_s) == 5
    assert not found.told
    # What was said was heard as turns, also where the gateway or the detector died meanwhile.
    assert len(found.account.asked) >= found.phrases > 5
