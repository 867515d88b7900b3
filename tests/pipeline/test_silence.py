"""A stream that should never be silent."""

from __future__ import annotations

from pipeline.silence import SilenceWatch


def test_a_port_that_goes_silent_is_told_once_and_shown_until_it_speaks_again() -> None:
    watch = SilenceWatch({"audio": 1.0, "events": 0.0})
    assert watch.look({"audio": 0, "events": 0}, 0.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 0, "events": 0}, 9.0) == ({"audio": 0.0}, []), "not yet begun"
    assert watch.look({"audio": 50, "events": 1}, 10.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 50, "events": 1}, 10.9) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 50, "events": 1}, 11.5) == ({"audio": 1.5}, ["audio"])
    assert watch.look({"audio": 50, "events": 1}, 12.5) == ({"audio": 2.5}, [])
    assert watch.look({"audio": 51, "events": 1}, 13.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 51, "events": 1}, 14.0) == ({"audio": 1.0}, ["audio"])
