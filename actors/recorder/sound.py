"""What both sides of a conversation sounded like, on one time axis. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from actors.audio.pcm import SAMPLE_BYTES, Samples, samples_to_ns, to_samples
from actors.recorder.reader import Message
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.frames import AnswerAudio, Audio, Frame, Playback

RATE_HZ = 24_000
"""Rate of the answers and of what is played; the user's 16 kHz lose nothing in it."""
TYPES = frozenset({"audio", "answer_audio", "playback"})
"""What is looked at."""
FAR_END = "far_end"
"""Port on which players send what they played."""


class Run(NamedTuple):
    """Sound without a gap.

    Attributes:
        begin_ns: Monotonic time of its first sample.
        samples: At `RATE_HZ`.
    """

    begin_ns: int
    samples: Samples

    @property
    def end_ns(self) -> int:
        """Time after its last sample."""
        return self.begin_ns + samples_to_ns(len(self.samples), RATE_HZ)


@dataclass
class Sound:
    """The runs of each side.

    Attributes:
        user: What the user said, and the room.
        heard: What the user heard of the answers.
    """

    user: list[Run] = field(default_factory=list)
    heard: list[Run] = field(default_factory=list)

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """When it begins and ends; None if there is none."""
        runs = [*self.user, *self.heard]
        if not runs:
            return None
        return min(run.begin_ns for run in runs), max(run.end_ns for run in runs)


Frames = Sequence[tuple[Message, Frame]]


def sound_of(frames: Frames, user_stream: str | None) -> Sound:
    """Return what a recording sounded like.

    What was heard is what a player says it played; without that (`far_end`), the answers as far as
    `playback` says they were heard.

    Args:
        frames: Those of the types in `TYPES`, in the order of sending.
        user_stream: `actor.port` of the user's side; None: nobody's.
    """
    user: list[Audio] = []
    far_end: list[Audio] = []
    answers: list[AnswerAudio] = []
    playback: list[Playback] = []
    for message, frame in frames:
        match frame:
            case Audio() if message.port == FAR_END:
                far_end.append(frame)
            case Audio() if _name(message) == user_stream:
                user.append(frame)
            case AnswerAudio():
                answers.append(frame)
            case Playback():
                playback.append(frame)
    return Sound(runs_of(user), runs_of(far_end) if far_end else _played(answers, playback))


def user_stream_of(
    frames: Frames, config: Mapping[str, Any], wanted: str | None = None
) -> str | None:
    """Return the stream with the user's side: the last one on the way to the backends.

    With an echo canceller that is what it gives, in which the answers are not heard again.

    Args:
        frames: Of a recording.
        config: As recorded.
        wanted: Take this one.

    Raises:
        GreenroomError: `wanted` carries no sound in this recording.
    """
    found = sorted({_name(message) for message, frame in frames if isinstance(frame, Audio)})
    if wanted is not None:
        if wanted not in found:
            raise GreenroomError(
                f"no sound of {wanted!r} was recorded; {did_you_mean(wanted, found)}"
            )
        return wanted
    own = [name for name in found if not name.endswith(f".{FAR_END}")]
    read = {source for name in own for source in _sources(config, name.partition(".")[0])}
    return next((name for name in own if name not in read), None)


def runs_of(blocks: Sequence[Audio]) -> list[Run]:
    """Return the sound of one stream; where positions jump there is a gap.

    The position says where a block belongs; its time only where position 0 is, as the median of
    all, for blocks are late now and then.
    """
    if not blocks:
        return []
    zero_ns = round(median(each.origin_ns - _ns(each, each.samples) for each in blocks))
    runs: list[Run] = []
    pieces: list[Samples] = []
    first = blocks[0]
    end, rate_hz = -1, 0
    for block in sorted(blocks, key=lambda each: each.position / each.rate_hz):
        samples = to_samples(block.pcm)
        if block.rate_hz == rate_hz and block.position <= end:
            pieces.append(samples[end - block.position :])
            end = max(end, block.position + len(samples))
            continue
        if pieces:
            runs.append(Run(zero_ns + _ns(first), _resampled(np.concatenate(pieces), rate_hz)))
        first, pieces = block, [samples]
        end, rate_hz = block.position + len(samples), block.rate_hz
    runs.append(Run(zero_ns + _ns(first), _resampled(np.concatenate(pieces), rate_hz)))
    return runs


def laid_out(runs: Iterable[Run], begin_ns: int, count: int) -> Samples:
    """Return `count` samples at `RATE_HZ` from `begin_ns` on, silent where there is no run."""
    track = np.zeros(count, np.int16)
    for run in runs:
        at = round((run.begin_ns - begin_ns) * RATE_HZ / 1e9)
        piece = run.samples[max(0, -at) : max(0, count - at)]
        track[max(0, at) : max(0, at) + len(piece)] = piece
    return track


def _name(message: Message) -> str:
    return f"{message.actor}.{message.port}"


def _ns(block: Audio, further: int = 0) -> int:
    return samples_to_ns(block.position + further, block.rate_hz)


def _played(answers: Sequence[AnswerAudio], playback: Sequence[Playback]) -> list[Run]:
    """Cut the answers into what was heard between two reports of playback."""
    blocks: defaultdict[tuple[str, int, str], list[AnswerAudio]] = defaultdict(list)
    for block in answers:
        blocks[block.turn, block.epoch, block.backend].append(block)
    whole = {key: _joined(each) for key, each in blocks.items()}
    heard: defaultdict[tuple[str, int, str], int] = defaultdict(int)
    runs: list[Run] = []
    for report in playback:
        key = (report.turn, report.epoch, report.backend)
        if key not in whole or report.played_samples <= heard[key]:
            continue
        rate_hz = blocks[key][0].rate_hz
        first, end = (n * RATE_HZ // rate_hz for n in (heard[key], report.played_samples))
        heard[key] = report.played_samples
        piece = whole[key][first:end]
        runs.append(Run(report.at_ns - samples_to_ns(end - first, RATE_HZ), piece))
    return runs


def _joined(blocks: Sequence[AnswerAudio]) -> Samples:
    size = max(each.position + len(each.pcm) // SAMPLE_BYTES for each in blocks)
    answer = np.zeros(size, np.int16)
    for each in blocks:
        samples = to_samples(each.pcm)
        answer[each.position : each.position + len(samples)] = samples
    return _resampled(answer, blocks[0].rate_hz)


def _resampled(samples: Samples, rate_hz: int) -> Samples:
    if rate_hz == RATE_HZ or not len(samples):
        return samples
    import soxr

    changed: Samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return changed


def _sources(config: Mapping[str, Any], actor: str) -> list[str]:
    inputs = config.get("actors", {}).get(actor, {}).get("inputs") or {}
    return [source for each in inputs.values() for source in _listed(each)]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
