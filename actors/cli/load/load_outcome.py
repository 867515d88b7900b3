"""What became of a crowd, in figures. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from actors.cli.calling.happening import What
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.load.held_line import SERVER, STOPPED, HeldLine, LoadedCaller, LoadJournal
from actors.cli.load.recordings import SpokenRecording
from actors.cli.load.told_turns import told_twice
from actors.recordings.evaluation.words import normalised


class TurnFate(StrEnum):
    """What became of a thing that was said."""

    ANSWERED = "answered"
    LOST = "lost"
    """The caller waited, with the connection there, and no answer came."""
    DISTURBED_ANSWERED = "answered after a loss"
    DISTURBED_LOST = "not answered after a loss"
    BROKEN_OFF = "broken off"
    """The connection was lost in the middle; who comes back says it again."""
    OPEN = "open"
    """The run, or the conversation, ended before."""


@dataclass
class LoadOutcome:
    """What was found; times in ms.

    Attributes:
        callers: Who came.
        present: Of those, who got a conversation.
        refused: Why others did not, and how many.
        ended_by_server: What the server said when it ended conversations that were not over.
        asked: What became of each thing that was said to its end.
        answered_twice: Turns with two outcomes, where the protocol names turns.
        names_turns: Whether any did.
        failed: Turns that the server said have failed.
        latency_ms: From a caller's last word to the first sound of the answer.
        cut_ms: From a word into an answer to the last sound of that.
        gap_ms: Times in which the sound of an answer ran dry.
        unsure_gap_ms: The same while the callers' own process had no processor.
        began_ms: From the connection to the conversation, where the protocol says when it begins.
        lost_lines: Connections that were lost, by how.
        back_ms: From the loss of a connection until the caller was in the conversation again.
        not_back: Who wanted to come back and could not.
        words: That were said, in recordings of which it is known, where the protocol tells what
            was understood.
        words_right: Of those, how many were understood, in order.
        errors: What the server said is wrong, and how often.
        faults: What the protocol does not permit, likewise.
        bytes_up: Of messages.
        bytes_down: Of messages.
        late_ms: How late the callers were themselves, block by block.
        processor_s: That they took.
        seconds: How long it was.
        talk_minutes: Of all connections together.
    """

    callers: int = 0
    present: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    ended_by_server: Counter[str] = field(default_factory=Counter)
    asked: Counter[TurnFate] = field(default_factory=Counter)
    answered_twice: int = 0
    names_turns: bool = False
    failed: int = 0
    latency_ms: list[float] = field(default_factory=list)
    cut_ms: list[float] = field(default_factory=list)
    gap_ms: list[float] = field(default_factory=list)
    unsure_gap_ms: list[float] = field(default_factory=list)
    began_ms: list[float] = field(default_factory=list)
    lost_lines: Counter[str] = field(default_factory=Counter)
    back_ms: list[float] = field(default_factory=list)
    not_back: int = 0
    words: int = 0
    words_right: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    bytes_up: int = 0
    bytes_down: int = 0
    late_ms: list[float] = field(default_factory=list)
    processor_s: float = 0.0
    seconds: float = 0.0
    talk_minutes: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether everybody was served, and nobody lost or heard anything twice."""
        wrong = (
            self.refused,
            self.ended_by_server,
            self.asked[TurnFate.LOST],
            self.asked[TurnFate.DISTURBED_LOST],
            self.answered_twice,
            self.failed,
            self.not_back,
            self.faults,
        )
        return bool(self.present) and not any(wrong)


def outcome_of(journal: LoadJournal, recordings: Sequence[SpokenRecording]) -> LoadOutcome:
    """Return the figures of a journal."""
    seconds = (journal.ended_ns - journal.began_ns) / 1e9
    outcome = LoadOutcome(processor_s=journal.processor_s, seconds=seconds)
    by_name = {each.name: each for each in recordings}
    for caller in journal.callers:
        _count_caller(outcome, caller, by_name)
    return outcome


def _count_caller(
    outcome: LoadOutcome, caller: LoadedCaller, recordings: Mapping[str, SpokenRecording]
) -> None:
    outcome.callers += 1
    refused = caller.lines[0].refused
    if refused:
        outcome.refused[refused] += 1
        return
    outcome.present += 1
    for line in caller.lines:
        _count_line(outcome, line)
    for lost in caller.lost:
        outcome.lost_lines[lost.how] += 1
        if lost.back_ns is not None:
            outcome.back_ms.append((lost.back_ns - lost.at_ns) / 1e6)
        elif lost.how != "drop":
            outcome.not_back += 1
    turns = [
        str(values["turn"])
        for line in caller.lines
        for _, _, values in line.told(What.TURN)
        if values["turn"]
    ]
    outcome.names_turns |= bool(turns)
    outcome.answered_twice += told_twice(turns)
    for name, said in things_said(caller):
        recording = recordings[name]
        asked = _became(said, said[0][0] + int(recording.seconds * 1e9))
        outcome.asked[asked] += 1
        if asked is TurnFate.ANSWERED:
            _count_words(outcome, recording.words, said)


def _count_line(outcome: LoadOutcome, line: HeldLine) -> None:
    outcome.bytes_up += line.bytes_up
    outcome.bytes_down += line.bytes_down
    outcome.late_ms += line.late_ms
    outcome.talk_minutes += len(line.late_ms) * BLOCK_S / 60
    has_begun = False
    for at_ns, what, values in line.told():
        match what:
            case What.ANSWER if "latency_ms" in values:
                outcome.latency_ms.append(values["latency_ms"])
            case What.CUT:
                outcome.cut_ms.append(values["after_ms"])
            case What.GAP:
                unsure = line.was_away(at_ns, values["ms"])
                (outcome.unsure_gap_ms if unsure else outcome.gap_ms).append(values["ms"])
            case What.SESSION if not has_begun:
                has_begun = True
                outcome.began_ms.append((at_ns - line.began_ns) / 1e6)
            case What.TURN if values["outcome"] == "failed":
                outcome.failed += 1
            case What.ERROR:
                outcome.errors[str(values["code"] or values["text"])] += 1
            case What.FAULT:
                outcome.faults[str(values["text"])] += 1
            case What.HUNG_UP if values["by"] in (SERVER, "provider"):
                outcome.ended_by_server[str(values["why"])] += 1


Told = tuple[int, What, Mapping[str, object]]


def things_said(caller: LoadedCaller) -> Iterator[tuple[str, list[Told]]]:
    """Yield what a caller said, by name, with all that happened until the next thing was said."""
    name, since = "", list[Told]()
    for each in chain.from_iterable(line.told() for line in caller.lines):
        if each[1] is What.SAY:
            if name:
                yield name, since
            name, since = str(each[2]["name"]), []
        since.append(each)
    if name:
        yield name, since


def _became(said: Sequence[Told], said_ns: int) -> TurnFate:
    """Return what became of something.

    Args:
        said: What happened from its first word until the next thing was said.
        said_ns: When it was said to its end.
    """
    ends = [(at_ns, str(v["by"]), v["why"]) for at_ns, what, v in said if what is What.HUNG_UP]
    if ends and ends[0][0] < said_ns:
        stopped = ends[0][2] == STOPPED
        return TurnFate.OPEN if stopped else TurnFate.BROKEN_OFF
    answered = any(what is What.ANSWER for _, what, _ in said)
    # A call that the caller ends is not lost; whatever else ends is.
    if any(by != "caller" for _, by, _ in ends):
        came_back = said[-1][1] is not What.HUNG_UP or ends[-1][1] == "caller"
        if answered:
            return TurnFate.DISTURBED_ANSWERED
        return TurnFate.DISTURBED_LOST if came_back else TurnFate.OPEN
    disturbed = any(what is What.LOST for _, what, _ in said)
    if answered:
        return TurnFate.DISTURBED_ANSWERED if disturbed else TurnFate.ANSWERED
    if ends and ends[-1][2] == STOPPED:
        return TurnFate.OPEN
    return TurnFate.DISTURBED_LOST if disturbed else TurnFate.LOST


def _count_words(outcome: LoadOutcome, words: str, said: Sequence[Told]) -> None:
    """Compare what was said with what was understood until the next was said."""
    told = [v for _, what, v in said if what is What.WORDS and v["role"] == "user"]
    if not words or not told:
        return
    meant = words.split()
    understood = normalised("".join(str(each["text"]) for each in told)).split()
    matcher = difflib.SequenceMatcher(None, meant, understood, autojunk=False)
    outcome.words += len(meant)
    outcome.words_right += sum(each.size for each in matcher.get_matching_blocks())
