"""A stream that should never be silent."""

from __future__ import annotations

from pipeline.hosting.silence import SilenceWatch, silent_after_s


def test_a_port_that_goes_silent_is_told_once_and_shown_until_it_speaks_again() -> None:
    watch = SilenceWatch({"audio": 50.0, "events": 0.0})
    assert watch.look({"audio": 0, "events": 0}, 0.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 0, "events": 0}, 9.0) == ({"audio": 0.0}, []), "not yet begun"
    assert watch.look({"audio": 50, "events": 1}, 10.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 50, "events": 1}, 10.9) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 50, "events": 1}, 11.5) == ({"audio": 1.5}, ["audio"])
    assert watch.look({"audio": 50, "events": 1}, 12.5) == ({"audio": 2.5}, [])
    assert watch.look({"audio": 51, "events": 1}, 13.0) == ({"audio": 0.0}, [])
    assert watch.look({"audio": 51, "events": 1}, 14.0) == ({"audio": 1.0}, ["audio"])


def test_how_long_a_stream_may_be_silent_follows_from_its_rate() -> None:
    assert silent_after_s(50) == 1.0, "a busy machine may hold up a process"
    assert silent_after_s(1) == 5.0
    assert silent_after_s(0.1) == 50.0
