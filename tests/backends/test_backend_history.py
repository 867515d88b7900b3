"""The conversation as the user remembers it, whoever answered and whatever order words come in."""

from __future__ import annotations

import json

import pytest

from actors.backends.history import KEPT_TURNS, History
from pipeline.frames import Outcome, Playback, PlaybackState, Side, Transcript, TurnClosed


def words(turn: str, side: Side, text: str, at: int = 0, epoch: int = 1) -> Transcript:
    backend = "live" if epoch == 1 else "http"
    return Transcript(
        turn=turn, epoch=epoch, backend=backend, side=side, text=text, audio_position=at
    )


def played(turn: str, state: PlaybackState, samples: int, epoch: int = 1) -> Playback:
    backend = "live" if epoch == 1 else "http"
    return Playback(
        turn=turn, epoch=epoch, backend=backend, state=state, played_samples=samples, at_ns=1
    )


def told(turn: str = "a") -> History:
    """A history in which a turn was answered in two sentences of a second each."""
    history = History(reported=True)
    history.began(turn)
    history.transcript(words(turn, Side.MODEL, "One. "))
    history.transcript(words(turn, Side.MODEL, "Two.", 24_000))
    history.transcript(words(turn, Side.USER, "Count."))
    return history


@pytest.mark.parametrize(
    ("state", "samples", "heard"),
    [
        (PlaybackState.FINISHED, 48_000, "One. Two."),
        (PlaybackState.INTERRUPTED, 24_000, "One."),
        (PlaybackState.INTERRUPTED, 24_001, "One. Two."),
        (PlaybackState.PLAYING, 4_800, "One."),
    ],
)
def test_answer_counts_as_far_as_it_was_heard(
    state: PlaybackState, samples: int, heard: str
) -> None:
    history = told()
    history.playback(played("a", state, samples))
    assert history.contents("z") == (("user", "Count."), ("model", heard))


def test_answer_that_was_never_played_was_not_heard() -> None:
    assert told().contents("z") == (("user", "Count."),)


def test_without_reports_of_playback_all_counts() -> None:
    history = History(reported=False)
    history.transcript(words("a", Side.MODEL, "One."))
    assert history.contents("z") == (("model", "One."),)


def test_what_was_said_before_the_session_comes_first_and_stays() -> None:
    before = [(Side.USER, "Hello."), (Side.MODEL, " Good morning. "), (Side.USER, " ")]
    history = History(reported=False, before=before)
    for number in range(KEPT_TURNS + 5):
        history.transcript(words(str(number), Side.USER, str(number)))
    said = history.contents()
    assert said[:3] == (("user", "Hello."), ("model", "Good morning."), ("user", "5"))


def test_turns_are_in_the_order_in_which_they_began() -> None:
    history = History(reported=False)
    history.began("a")
    history.began("b")
    history.transcript(words("b", Side.USER, "second"))
    history.transcript(words("a", Side.USER, "first"))
    assert history.contents("c") == (("user", "first"), ("user", "second"))
    assert history.contents("b") == (("user", "first"),)
    assert history.contents("c", {"a"}) == (("user", "second"),)


def test_turn_that_two_backends_answered_is_told_once() -> None:
    history = told()
    history.playback(played("a", PlaybackState.INTERRUPTED, 100))
    history.understood("a", "http", 2, "Count, please.")
    history.transcript(words("a", Side.MODEL, "One and two.", epoch=2))
    history.playback(played("a", PlaybackState.FINISHED, 24_000, epoch=2))
    assert history.contents("z") == (("user", "Count, please."), ("model", "One. One and two."))


def test_answer_that_is_being_played_may_be_counted_in_full() -> None:
    history = told()
    history.playback(played("a", PlaybackState.PLAYING, 4_800))
    assert history.contents(to_come=True) == (("user", "Count."), ("model", "One. Two."))
    history.playback(played("a", PlaybackState.INTERRUPTED, 9_600))
    assert history.contents(to_come=True) == (("user", "Count."), ("model", "One."))


def test_ledger_tells_what_was_missed_and_is_no_news_the_second_time() -> None:
    history = History(reported=True)
    closed = TurnClosed(turn="a", outcome=Outcome.ANSWERED, by="live", said="Count.", answer="One.")
    assert history.closed(closed)
    assert not history.closed(closed)
    assert history.contents("z") == (("user", "Count."), ("model", "One."))


def test_history_outlives_the_process() -> None:
    history = told()
    history.playback(played("a", PlaybackState.INTERRUPTED, 24_000))
    history.began("b")
    history.transcript(words("b", Side.MODEL, "Three."))
    history.playback(played("b", PlaybackState.PLAYING, 0))
    copy = History(reported=True)
    copy.restore(json.loads(json.dumps(history.to_json())))
    assert copy.contents("z") == history.contents("z") != ()
    assert copy.contents(to_come=True) == history.contents(to_come=True)


def test_only_the_newest_turns_are_kept() -> None:
    history = History(reported=False)
    for number in range(KEPT_TURNS + 5):
        history.transcript(words(str(number), Side.USER, f"turn {number}"))
    contents = history.contents("z")
    assert len(contents) == KEPT_TURNS
    assert contents[0] == ("user", "turn 5")
