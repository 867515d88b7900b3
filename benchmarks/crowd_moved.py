"""How long a crowd of `greenroom load` was not served after something happened. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from actors.cli.calling.happening import What
from actors.cli.load.held_line import LoadedCaller, LoadJournal
from actors.cli.load.load_outcome import LoadOutcome, things_said
from actors.cli.load.recordings import SpokenRecording


@dataclass(frozen=True)
class CrowdMoved:
    """What became of a crowd.

    Attributes:
        outcome: Of all of it.
        taken_ms: From the event until the sound of each who lost the connection was taken again.
        why: Connections were left, and how many.
        answer_ms: From the event, or from the end of what was being said then, until its answer
            began; of those who lost the connection while they waited for one.
    """

    outcome: LoadOutcome
    taken_ms: Sequence[float] = ()
    answer_ms: Sequence[float] = ()
    why: Mapping[str, int] = field(default_factory=dict)


def crowd_moved(
    journal: LoadJournal,
    outcome: LoadOutcome,
    recordings: Sequence[SpokenRecording],
    event_ns: int,
) -> CrowdMoved:
    """Return what became of a crowd.

    Args:
        journal: Of it.
        outcome: The figures of that.
        recordings: What was said.
        event_ns: When it happened, monotonic.
    """
    seconds = {each.name: each.seconds for each in recordings}
    taken_ms: list[float] = []
    answer_ms: list[float] = []
    for caller in journal.callers:
        lost = next((each for each in caller.lost if each.at_ns > event_ns), None)
        if lost is None or lost.back_ns is None:
            continue
        taken_ms.append((lost.back_ns - event_ns) / 1e6)
        answer_ms += _in_flight_ms(caller, seconds, event_ns, lost.back_ns)
    why = Counter(
        str(values["why"])
        for caller in journal.callers
        for line in caller.lines
        for _, _, values in line.told(What.LOST)
    )
    return CrowdMoved(outcome, taken_ms, answer_ms, why)


def _in_flight_ms(
    caller: LoadedCaller, seconds: Mapping[str, float], event_ns: int, back_ns: int
) -> Iterator[float]:
    """Yield how long the answer took to what was said when it happened, if one was due."""
    for name, said in things_said(caller):
        begun_ns, end_ns = said[0][0], said[0][0] + int(seconds[name] * 1e9)
        answers = [at_ns for at_ns, what, _ in said if what is What.ANSWER]
        was_answered = bool(answers) and answers[0] < event_ns
        if begun_ns < back_ns and not was_answered and said[-1][0] > event_ns:
            since_ns = max(event_ns, end_ns)
            yield (answers[0] - since_ns) / 1e6 if answers else float("inf")
            return
