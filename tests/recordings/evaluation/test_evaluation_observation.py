"""What happened in a run, from the frames that the supervisor sees."""

from __future__ import annotations

from actors.recordings.evaluation.observation import Observed, ObservedTurn, Observer
from pipeline.frames import (
    EndReason,
    Frame,
    Playback,
    PlaybackState,
    Side,
    SpeechEnded,
    SpeechStarted,
    Spending,
    Spent,
    Status,
    Transcript,
    UserText,
)
from pipeline.turns.ledger import Ledger

S = 1_000_000_000
ZERO_NS = 50 * S
"""When sample 0 was captured."""
LEAD_S = 1.0
LIVE = {"epoch": 1, "backend": "live"}
READY = Status(session="local", pipeline="x", version="0", uptime_s=1, ready=True, actors=[])


def at(seconds: float) -> int:
    """Time of what is so long after the beginning of the recording."""
    return ZERO_NS + round((LEAD_S + seconds) * S)


def observed(*frames: Frame) -> Observed:
    observer, ledger = Observer(LEAD_S), Ledger(True, 90 * S, 30 * S, 15 * S)
    for frame in frames:
        observer.on_frame("x", frame)
        ledger.on_frame(frame, frame.sent_ns)
    return observer.observed(ledger.turns)


def spoken(start_s: float, end_s: float) -> tuple[str, SpeechStarted, SpeechEnded]:
    position = round((start_s + LEAD_S) * 16_000)
    turn = f"local:{position}"
    started = SpeechStarted(turn=turn, position=position, at_ns=at(start_s))
    ended = SpeechEnded(
        turn=turn,
        start_position=position,
        position=round((end_s + LEAD_S) * 16_000),
        at_ns=at(end_s - 0.2),
        sent_ns=at(end_s + 0.4),
        reason=EndReason.SILENCE,
    )
    return turn, started, ended


def playback(turn: str, state: PlaybackState, seconds: float) -> Playback:
    return Playback(turn=turn, state=state, played_samples=0, at_ns=at(seconds), **LIVE)


def test_a_turn_is_told_in_seconds_of_the_recording() -> None:
    turn, started, ended = spoken(0.5, 2.5)
    words = Transcript(turn=turn, side=Side.USER, text=" go ", **LIVE)
    sounds = playback(turn, PlaybackState.STARTED, 3.25)
    finished = playback(turn, PlaybackState.FINISHED, 5.0)
    late = Transcript(turn=turn, side=Side.MODEL, text="going", **LIVE)
    found = observed(READY, started, ended, words, sounds, finished, late)
    assert found == Observed(
        turns=(
            ObservedTurn(
                start_s=0.5,
                voiced_end_s=2.3,
                end_s=2.5,
                decided_s=2.9,
                end_reason="silence",
                heard_s=3.25,
                first_sound_ms=950.0,
                said="go",
                answer="going",
                outcome="answered",
                by="live",
            ),
        )
    )


def test_the_newest_account_of_the_money_counts() -> None:
    def spending(money: float, tokens: int) -> Spending:
        total = Spent(money=money, tokens=tokens, unpriced_tokens=5)
        return Spending(
            day="2026-11-21",
            currency="USD",
            prices_date="2026-11-20",
            session_total=total,
            day_total=Spent(money=9),
            session_backends={},
            day_backends={},
        )

    found = observed(READY, spending(0.1, 10), spending(0.2, 30))
    assert (found.money, found.currency, found.tokens, found.unpriced_tokens) == (0.2, "USD", 30, 5)
    assert observed(READY).money is None


def test_speech_before_everybody_was_ready_is_noted() -> None:
    _, started, ended = spoken(0.5, 2.5)
    starting = READY.model_copy(update={"ready": False})
    assert observed(starting, started, ended, READY).started_late
    assert not observed(starting, READY, started, ended).started_late


def test_a_turn_that_a_service_found_has_words_but_no_times_and_a_typed_one_is_none() -> None:
    words = Transcript(turn="local:48000", side=Side.USER, text="stop", **LIVE)
    sounds = playback("local:48000", PlaybackState.STARTED, 3.0)
    finished = playback("local:48000", PlaybackState.FINISHED, 4.0)
    typed = UserText(turn="local:t7", text="hello")
    (turn,) = observed(READY, words, sounds, finished, typed).turns
    assert turn == ObservedTurn(said="stop", outcome="answered", by="live")
