"""Minutes of talk by a robot whose microphone hears it: `python -m benchmarks.echo 10`.

Everything is real but the air and Gemini: PortAudio, ALSA and a sound server of its own, which
gives what is played back to the microphone after 60 ms, as loud as it was; the simulator speaks.
Needs the Debian packages of the tests of sound devices.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.__main__ import _print
from benchmarks.figures import Figure
from benchmarks.sound import ROOT, SPEECH
from benchmarks.tap import Tap, tapping
from pipeline.frames import Health, Playback, PlaybackState, SpeechStarted, TentativeSpeechStarted
from pipeline.testing import running

# The sound server belongs to the tests of devices, which are no package.
sys.path.append(str(ROOT / "tests" / "devices"))

from sound_server import SoundServer, missing_packages, sound_server

MINUTES = 10.0
"""Of talk, as promised in the README."""
DELAY_MS = 60
NAME = "echo"
PERSON = SPEECH / "goforward.wav"
PRE_ROLL_S = 0.24
"""A turn begins so much before its first speech: the default of `vad`."""
EVERY = 3
"""One answer in so many is interrupted."""
INTO_ANSWER_S = 5.0
SLACK_S = 0.5
"""From the player being started to the first sample in the microphone, and a turn's pre-roll."""
RATE_HZ = 24_000
ANSWER = (
    "I have thought about it for a while. There are three things I would like to say. First, the "
    "weather today is mild, and the garden could do with some water. Second, somebody left a red "
    "cup on the table in the kitchen, and a blue one beside the window. Third, your train leaves "
    "at twenty past six from platform nine, so there is no need to hurry. While you are away I "
    "will keep an eye on the house, feed the cat, and write down who rings at the door. When you "
    "come back, ask me what happened, and I will tell you everything from the beginning. "
)
CLOSING = (PlaybackState.FINISHED, PlaybackState.INTERRUPTED)


@dataclass
class Talk:
    """What came of it; times of monotonic ns."""

    spoken: list[tuple[int, int]] = field(default_factory=list)
    """When the person spoke."""
    heard_ns: list[int] = field(default_factory=list)
    """When the detector took something for a voice."""
    seconds: float = 0.0
    answers: int = 0
    cut: int = 0
    ignored: int = 0
    stops_ms: list[float] = field(default_factory=list)
    reduction_db: list[float] = field(default_factory=list)

    def by_itself(self) -> int:
        """How often the robot took its own voice for a person's."""
        slack = [(begin - int(SLACK_S * 1e9), end) for begin, end in self.spoken]
        return sum(not any(a < at < b for a, b in slack) for at in self.heard_ns)


def measure(folder: Path, minutes: float = MINUTES) -> list[Figure]:
    """Let the robot talk, and interrupt it now and then."""
    if missing := missing_packages():
        raise SystemExit(missing)
    talk = Talk()
    with sound_server() as sound:
        sound.let_the_microphone_hear_the_speaker(DELAY_MS)
        streams = {"vad": ["speech", "voice"], "speaker": ["playback"], "echo": ["health"]}
        with running(write_config(folder), env=sound.env, cwd=folder) as pipeline:
            pipeline.until(lambda status: status.ready, "readiness")
            with tapping(pipeline.runtime_dir, **streams) as tap:
                _converse(talk, sound, tap, minutes * 60)
    note = f"{talk.seconds / 60:.1f} minutes of talk, {talk.answers} answers"
    return [
        Figure("echo: voices heard that nobody had", "times", [talk.by_itself()], 0, 0, note),
        Figure("- answers cut that nobody interrupted", "times", [talk.cut], 0, 0),
        Figure("- interruptions by a person ignored", "times", [talk.ignored], 0, 0),
        Figure("- first speech to last sample of the answer", "ms", talk.stops_ms or [0], 150, 250),
        Figure("- the echo made fainter by", "dB", talk.reduction_db or [0]),
    ]


def _converse(talk: Talk, sound: SoundServer, tap: Tap, seconds: float) -> None:
    frames = _noting(talk, tap)
    _speak(talk, sound)
    while talk.seconds < seconds:
        interrupt = talk.answers % EVERY == EVERY - 1
        if interrupt:
            _next(frames, lambda p: p.played_samples > INTO_ANSWER_S * RATE_HZ)
            _speak(talk, sound)
        ended = _next(frames, lambda p: p.state in CLOSING)
        talk.answers += 1
        talk.seconds += ended.played_samples / RATE_HZ
        cut = ended.state is PlaybackState.INTERRUPTED
        talk.cut += cut and not interrupt
        talk.ignored += interrupt and not cut
        if cut and interrupt:
            begun_ns = max(at for at in talk.heard_ns if at < ended.at_ns)
            talk.stops_ms.append((ended.at_ns - begun_ns) / 1e6 - PRE_ROLL_S * 1e3)
        # What interrupted an answer is itself answered.
        if not cut and talk.seconds < seconds:
            _speak(talk, sound)


def _speak(talk: Talk, sound: SoundServer) -> None:
    began_ns = time.monotonic_ns()
    sound.say(PERSON)
    talk.spoken.append((began_ns, time.monotonic_ns()))


def _noting(talk: Talk, tap: Tap) -> Iterator[Playback]:
    """Yield what is reported of playback; note the rest."""
    for _, frame, _ in tap.stream(24 * 3600):
        match frame:
            case TentativeSpeechStarted() | SpeechStarted():
                if frame.at_ns not in talk.heard_ns:
                    talk.heard_ns.append(frame.at_ns)
            case Health() if "reduction_db" in frame.gauges:
                talk.reduction_db.append(frame.gauges["reduction_db"])
            case Playback():
                yield frame


def _next(frames: Iterator[Playback], fits: Callable[[Playback], bool]) -> Playback:
    return next(frame for frame in frames if fits(frame))


def write_config(folder: Path, priorities: Mapping[str, str] | None = None) -> Path:
    """Write the config of a robot with devices that speaks at length; `priorities` by actor."""
    scenario = folder / "scenario.yaml"
    rules = [{"when": "activity_end", "do": [{"say": ANSWER}]}]
    scenario.write_text(yaml.safe_dump({"rules": rules}))
    tree: dict[str, Any] = {
        "extends": str(ROOT / "configs" / "robot.yaml"),
        "name": NAME,
        "route": {"backends": ["live"]},
        "actors": {
            **dict.fromkeys(("camera", "console", "tools", "http", "device", "budget")),
            "simulator": {
                "use": "simulator",
                "options": {"scenario": str(scenario), "ears": "none"},
            },
            "microphone": {"options": {"device": "vmic"}},
            "live": {
                "after": ["simulator"],
                "inputs": dict.fromkeys(("video", "text", "offer", "results", "transcript")),
                "options": {"server_file": "simulator.json"},
            },
            "speaker": {
                "inputs": {"audio": "live.audio", "answer": "live.answer"},
                "options": {"device": "vspk"},
            },
        },
    }
    for actor, priority in (priorities or {}).items():
        tree["actors"][actor]["priority"] = priority
    path = folder / f"{NAME}.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def main() -> int:
    """Talk for the minutes named on the command line; return 1 if a limit does not hold."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        figures = measure(Path(folder), minutes)
    _print(figures)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
