"""What an actor was sent and what it sent, as far as a script is made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from pipeline.errors import GreenroomError
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    Frame,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    UserText,
)


class RecordedFrame(NamedTuple):
    """A frame of the recorded run.

    Attributes:
        sent_ns: When, on the clock of that run.
        own: The actor sent it; otherwise it was sent it.
        frame: Sound of the user is left out of those that a script is made of.
    """

    sent_ns: int
    own: bool
    frame: Frame


@dataclass(frozen=True)
class Utterance:
    """A turn as the client says it: its sound (PCM16), or what was typed."""

    turn: str
    pcm: bytes = b""
    text: str = ""


def utterances(recorded: Sequence[RecordedFrame], sound: Iterable[Audio]) -> list[Utterance]:
    """Return what the user said, turn by turn; of a turn whose beginning is missing, the rest.

    Args:
        recorded: In the order of sending.
        sound: What the actor was sent, in the order of its positions; gone through once.
    """
    spans: list[tuple[str, int, int]] = []
    typed: list[Utterance] = []
    for each in recorded:
        if isinstance(each.frame, SpeechEnded) and not each.own:
            spans.append((each.frame.turn, each.frame.start_position, each.frame.position))
        elif isinstance(each.frame, UserText) and not each.own:
            typed.append(Utterance(each.frame.turn, text=each.frame.text))
    cut = {turn: bytearray() for turn, _, _ in spans}
    spans.sort(key=lambda span: span[1])
    past = 0
    for block in sound:
        while past < len(spans) and spans[past][2] <= block.position:
            past += 1
        for turn, start, end in islice(spans, past, None):
            first, last = max(0, start - block.position), min(block.samples, end - block.position)
            if first >= block.samples:
                break
            cut[turn] += block.pcm[2 * first : 2 * max(first, last)]
    return [*(Utterance(turn, pcm=bytes(pcm)) for turn, pcm in cut.items()), *typed]


def check(name: str, recorded: Sequence[RecordedFrame], said: Sequence[Utterance]) -> None:
    """See that the recording holds what a service is played back from.

    Raises:
        GreenroomError: it does not.
    """
    answered = {e.frame.turn for e in own(recorded) if isinstance(e.frame, AnswerEnded)}
    ended = [e.frame for e in own(recorded) if isinstance(e.frame, AnswerEnded)]
    sounded = {e.frame.turn for e in own(recorded) if isinstance(e.frame, AnswerAudio)}
    silent = [frame.turn for frame in ended if frame.samples and frame.turn not in sounded]
    unheard = [each.turn for each in said if each.turn in answered and not (each.pcm or each.text)]
    if silent or unheard:
        raise GreenroomError(
            f"{name} cannot be reproduced: the recording was made without sound, "
            "and its service is played back from that"
        )
    if len({e.frame.session for e in own(recorded) if _of_a_turn(e.frame)}) > 1:
        raise GreenroomError(
            f"{name} cannot be reproduced: it answered several sessions at once, "
            "and its service can be played back for one"
        )
    known = {each.turn for each in said}
    strange = sorted({e.frame.turn for e in own(recorded) if _speaks(e.frame)} - known)  # type: ignore[attr-defined]
    if strange:
        raise GreenroomError(
            f"{name} cannot be reproduced: the recording does not tell what the user said in the "
            f"turn {strange[0]}; it needs the detection of turns on this machine (`speech`)"
        )


def own(recorded: Iterable[RecordedFrame]) -> Iterator[RecordedFrame]:
    """Give what the actor sent."""
    return (each for each in recorded if each.own)


def began(recorded: Iterable[RecordedFrame]) -> dict[str, int]:
    """Return when each turn began."""
    found: dict[str, int] = {}
    for each in recorded:
        if not each.own and isinstance(each.frame, (SpeechStarted, SpeechEnded, UserText)):
            found.setdefault(each.frame.turn, each.sent_ns)
    return found


def ended(recorded: Iterable[RecordedFrame]) -> dict[str, int]:
    """Return when each turn was said to its end."""
    return {
        each.frame.turn: each.sent_ns
        for each in recorded
        if not each.own and isinstance(each.frame, (SpeechEnded, UserText))
    }


def derived(recorded: Sequence[RecordedFrame]) -> set[int]:
    """Return the places of transcripts that the actor itself ended with the answer."""
    found: set[int] = set()
    closed: set[str] = set()
    for at in range(len(recorded) - 1, -1, -1):
        frame = recorded[at].frame
        if not recorded[at].own:
            continue
        if isinstance(frame, AnswerEnded):
            closed.add(frame.turn)
        elif isinstance(frame, Transcript) and frame.final and not frame.text:
            if frame.turn in closed:
                found.add(at)
        elif isinstance(frame, (Transcript, AnswerAudio)):
            closed.discard(frame.turn)
    return found


def _of_a_turn(frame: Frame) -> bool:
    return isinstance(frame, (AnswerAudio, AnswerEnded, Transcript))


def _speaks(frame: Frame) -> bool:
    return isinstance(frame, (AnswerAudio, Transcript))
