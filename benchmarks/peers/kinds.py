"""The kinds of runs: what is spoken in each, and which figures come out of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.peers.observation import SETTLE_S, CollapsedError, Observation, Trial
from benchmarks.peers.task import STAND_IN_KEY
from benchmarks.sound import RATE_HZ, SPEECH, Samples, onset, phrases, read_wav, speech, voiced_end
from pipeline.quantile import quantile

NEVER = math.inf
STARTUP_S = 4.0
LISTEN_S = 20.0
"""Less than the recordings are long: no block comes twice."""
WORD_PAUSE_S = 1.8
"""All subjects have found the end of the word, and been answered, by then."""
WORDS = 10
WARM_UP = 2
"""Answers left out: google-genai takes some 20 ms more for its first, to build its models."""
ANSWER_MS = 400
INTERRUPTED_ANSWER_MS = 60_000
PHRASE_PAUSE_S = 2.5
"""The answer has begun by then, and is a long way from its end."""
PHRASES = 6
"""Of those there are, others in each round."""
STALL_PAUSE_S = 6.0
STALL_ANSWER_MS = 4000
STALLS = 3
FAULT_INTO_S = 1.0
"""Of an utterance of 2.8 s."""
FAULT_PATIENCE_S = 15.0
NOISE_STEPS = 2
"""Of 32768, below any microphone's own noise: silence in which each block differs."""


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    Attributes:
        name: For the command line.
        trial: Makes what is done in a round, for so many sessions.
        figures: Takes what was seen; returns numbers by the names in `METRICS`, or raises
            CollapsedError.
        many: Whether it is done with many sessions at once, too.
        floor: Whether google-genai alone can do it.
    """

    name: str
    trial: Callable[[int, int], Trial]
    figures: Callable[[Observation], Mapping[str, float]]
    many: bool = False
    floor: bool = True


def _startup_trial(_: int, sessions: int) -> Trial:
    return Trial(speech(STARTUP_S), sessions=sessions, server_turns=True)


def _startup(seen: Observation) -> Mapping[str, float]:
    arrived_ns = [at_ns for _, each in seen.own_sessions() for at_ns, *_ in each.arrivals]
    first_ns = _earliest(arrived_ns, "no sound came to the server")
    return {"startup": (first_ns - seen.spawned_ns) / 1e6}


def _listen_trial(_: int, sessions: int) -> Trial:
    return Trial(speech(LISTEN_S), sessions=sessions)


def _listen(seen: Observation) -> Mapping[str, float]:
    heard = {session for session, record in seen.own_sessions() if record.arrivals}
    late_ms = block_delays_ms(seen)
    if len(heard) < seen.trial.sessions or not late_ms:
        raise CollapsedError(f"the server heard {len(heard)} of {seen.trial.sessions} sessions")
    return {
        "up_p50": quantile(late_ms, 0.50),
        "up_p99": quantile(late_ms, 0.99),
        "cpu": seen.cpu_s_per_min,
        "memory": seen.memory_mib,
    }


def block_delays_ms(seen: Observation) -> list[float]:
    """From the capture of each block's last sample to that sample at the server.

    Left out is what was captured in the first `SETTLE_S`, and what was captured before the client
    had said that somebody speaks: it is held back on purpose until then.
    """
    found: list[float] = []
    for session, record in seen.own_sessions():
        steady_ns = seen.zeros_ns[session] + SETTLE_S * 1e9
        starts = list(record.starts)
        declared_ns = 0
        for at_ns, start, end in record.arrivals:
            while starts and starts[0] <= at_ns:
                declared_ns = starts.pop(0)
            if end < 0:
                continue
            first = -(-(start + 1) // BLOCK) * BLOCK
            for position in range(first, end + 1, BLOCK):
                due_ns = seen.due_ns(session, position)
                if due_ns > max(steady_ns, declared_ns):
                    found.append((at_ns - due_ns) / 1e6)
    return found


BLOCK = RATE_HZ // 50
"""20 ms: a block that is sent on in two parts has arrived with the second."""


def _down_trial(_: int, sessions: int) -> Trial:
    word = read_wav(SPEECH / "cards-001.wav")
    return _spaced([word] * WORDS, WORD_PAUSE_S, ANSWER_MS, sessions)


def _down(seen: Observation) -> Mapping[str, float]:
    values = [
        (min(later) - sent_ns) / 1e6 if (later := _handed_after(seen, sent_ns)) else NEVER
        for _, record in seen.own_sessions()
        for sent_ns in record.answers[WARM_UP:]
    ]
    if not values:
        raise CollapsedError("nothing was asked of the server")
    return {"down_p50": quantile(values, 0.5), "down_worst": max(values)}


def _handed_after(seen: Observation, at_ns: int) -> list[int]:
    return [run.handed_ns for runs in seen.runs for run in runs if run.handed_ns > at_ns]


def _barge_in_trial(turn: int, sessions: int) -> Trial:
    spoken = phrases()
    chosen = [spoken[(turn * PHRASES + index) % len(spoken)] for index in range(PHRASES + 1)]
    return _spaced(chosen, PHRASE_PAUSE_S, INTERRUPTED_ANSWER_MS, sessions)


def _barge_in(seen: Observation) -> Mapping[str, float]:
    values: list[float] = []
    for begin, end in _spoken(seen.trial)[1:]:
        onset_ns = seen.due_ns(0, begin + onset(seen.trial.sound[begin:end]))
        over_ns = seen.due_ns(0, end)
        values.append(_heard_on_ms(seen, onset_ns, over_ns))
    stopped = [value for value in values if value < NEVER]
    return {
        "barge_in_p50": quantile(values, 0.5),
        "barge_in_worst": max(stopped, default=NEVER),
        "barge_in_missed": float(len(values) - len(stopped)),
    }


def _heard_on_ms(seen: Observation, onset_ns: int, over_ns: int) -> float:
    """How long the answer that was heard at `onset_ns` went on; it counts if it stopped in time."""
    ends_ns = [run.end_ns for run in seen.runs[0] if run.start_ns < onset_ns < run.end_ns]
    if not ends_ns or max(ends_ns) > over_ns:
        return NEVER
    return (max(ends_ns) - onset_ns) / 1e6


def _stall_trial(_: int, sessions: int) -> Trial:
    word = read_wav(SPEECH / "cards-001.wav")
    trial = _spaced([word] * STALLS, STALL_PAUSE_S, STALL_ANSWER_MS, sessions)
    return replace(trial, block=True)


def _stall(seen: Observation) -> Mapping[str, float]:
    gaps: list[float] = []
    for _, record in seen.own_sessions():
        for sent_ns, until_ns in zip(record.answers, [*record.answers[1:], NEVER], strict=True):
            runs = [run for run in seen.runs[0] if sent_ns < run.handed_ns < until_ns]
            if not runs:
                return {"stall": NEVER}
            span_ns = max(run.end_ns for run in runs) - min(run.start_ns for run in runs)
            gaps.append((span_ns - sum(run.played_ns for run in runs)) / 1e6)
    return {"stall": max(gaps)} if gaps else {"stall": NEVER}


def _fault_trial(_: int, sessions: int) -> Trial:
    question = read_wav(SPEECH / "goforward.wav")
    lead = _quiet(SETTLE_S)
    at = len(lead) + onset(question) + int(FAULT_INTO_S * RATE_HZ)
    sound = np.concatenate([lead, question, _quiet(FAULT_PATIENCE_S)])
    ends = (len(lead) + voiced_end(question),)
    return Trial(sound, ANSWER_MS, ends, at, sessions, stand_in=True)


def _fault(seen: Observation) -> Mapping[str, float]:
    exhausted_ns = [each.exhausted_ns for _, each in seen.own_sessions() if each.exhausted_ns]
    closed_ns = _earliest(exhausted_ns, "too little sound came to the server for a fault")
    sounds_ns = _handed_after(seen, closed_ns)
    begin = int(SETTLE_S * RATE_HZ) + onset(read_wav(SPEECH / "goforward.wav"))
    end = seen.trial.turn_ends[0]
    reached = np.zeros(len(seen.trial.sound), bool)
    for record in seen.sessions:
        if record.key == STAND_IN_KEY and record.answers:
            for _, start, stop in record.arrivals:
                reached[max(0, start) : max(0, stop)] = True
    share = max(reached[begin:end].mean(), seen.stand_in_ms * RATE_HZ / 1000 / (end - begin))
    return {
        "fault": (min(sounds_ns) - closed_ns) / 1e6 if sounds_ns else NEVER,
        "fault_heard": 100 * min(1.0, float(share)),
    }


def _earliest(times_ns: Sequence[int], otherwise: str) -> int:
    if not times_ns:
        raise CollapsedError(otherwise)
    return min(times_ns)


def _spaced(parts: Sequence[Samples], pause_s: float, answer_ms: int, sessions: int) -> Trial:
    """Speak one after the other, with pauses; begin with a pause in which all get ready."""
    pieces: list[Samples] = [_quiet(SETTLE_S)]
    ends: list[int] = []
    for part in parts:
        pieces += [part, _quiet(pause_s)]
        ends.append(sum(map(len, pieces)) - len(pieces[-1]))
    return Trial(np.concatenate(pieces), answer_ms, tuple(ends), sessions=sessions)


def _spoken(trial: Trial) -> list[tuple[int, int]]:
    """First sample and end of each part that `_spaced` put in."""
    pause = int(PHRASE_PAUSE_S * RATE_HZ)
    begins = [int(SETTLE_S * RATE_HZ), *(end + pause for end in trial.turn_ends)]
    return list(zip(begins, trial.turn_ends, strict=False))


def _quiet(seconds: float) -> Samples:
    source = np.random.default_rng(int(seconds * 1000))
    return source.integers(-NOISE_STEPS, NOISE_STEPS + 1, int(seconds * RATE_HZ)).astype(np.int16)


KINDS = (
    Kind("startup", _startup_trial, _startup),
    Kind("listen", _listen_trial, _listen, many=True),
    Kind("down", _down_trial, _down),
    Kind("barge_in", _barge_in_trial, _barge_in, floor=False),
    Kind("fault", _fault_trial, _fault, floor=False),
    Kind("stall", _stall_trial, _stall, floor=False),
)
