"""Each actor behind five web callers killed in turn: nobody notices but for a short silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.callers_killed import DATABASE, KILLED, run
from benchmarks.postgres_server import postgres_server


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


@pytest.mark.postgres
def test_callers_talk_on_while_the_database_is_killed_and_nothing_of_it_is_lost(
    tmp_path: Path,
) -> None:
    with postgres_server() as database:
        found = run(tmp_path, 5, settle_s=5.0, between_s=4.0, killed=(), database=database)
    assert found.back_s.keys() == {DATABASE}
    assert not found.account.lost()
    assert not found.account.failed()
    assert not found.unanswered
    assert not found.told
    # Nobody's connection was lost.
    assert not found.reconnected_s
    assert found.rows is not None
    assert found.rows.sessions == 5
    assert found.rows.closed > 5
    assert not found.rows.missing
