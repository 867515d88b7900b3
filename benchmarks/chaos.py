"""A conversation during which everything is broken: `python -m benchmarks.chaos TURNS SEED`.

Each turn must have exactly one outcome. What is done, to whom and when is drawn from the seed;
so is what the simulator does wrong.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.fault_injection import mischief, scenario
from benchmarks.sound import ROOT, SPEECH
from benchmarks.tap import tapping
from pipeline.frames import (
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    SpeechEnded,
    TurnClosed,
    is_unasked,
)
from pipeline.quantile import quantile
from pipeline.testing import RunningPipeline, running

QUESTIONS = ("cards-001.wav", "cards-003.wav", "goforward.wav")
BARGE_IN_SHARE = 0.1
WARM_UP_TURNS = 3
STREAMS = {"supervisor": ["turns"], "vad": ["speech"], "speaker": ["playback"]}
LIFETIME_S = 60.0
"""Of a connection and of a session: the service's, shortened so that some end in every run."""
SECONDS_PER_TURN = 60.0
"""No turn takes longer, whatever is broken: the ledger closes it after 30 s."""


def config(folder: Path, turns: int, seed: int) -> Path:
    """Write the pipeline's config."""
    dice = random.Random(seed)
    files: list[dict[str, Any]] = []
    for index in range(turns):
        item: dict[str, Any] = {"path": str(SPEECH / dice.choice(QUESTIONS)), "delay_s": 0.3}
        if index:
            over = dice.random() < BARGE_IN_SHARE
            item["start"] = "during_answer" if over else "after_answer"
        files.append(item)
    (folder / "chaos_scenario.yaml").write_text(yaml.safe_dump(scenario()))
    path = folder / "chaos.yaml"
    tree = {
        "extends": str(ROOT / "configs" / "demo.yaml"),
        "name": "chaos",
        "actors": {
            "microphone": {"options": {"files": files, "answer_timeout_s": 45.0}},
            "speaker": {"options": {"path": str(folder / "answer.wav")}},
            "simulator": {
                "options": {
                    "scenario": "chaos_scenario.yaml",
                    "seed": seed,
                    "connection_s": LIFETIME_S,
                    "audio_session_s": LIFETIME_S,
                }
            },
            "live": {"options": {"tool_behavior": "non_blocking"}},
            "tools": {"options": {"functions": ["benchmarks.slow_robot:move"]}},
            "device": {"options": {"load": "at_start"}},
        },
        # Deeds come close together here; containment is shown by a test of its own.
        "supervision": {"intensity": 1000},
    }
    path.write_text(yaml.safe_dump(tree))
    return path


@dataclass
class Account:
    """Turns as the streams tell of them, independent of the supervisor's own ledger."""

    asked: set[str] = field(default_factory=set)
    verdicts: dict[str, TurnClosed] = field(default_factory=dict)
    closings: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By turn and sequence number, since retained frames come again."""
    finished: set[tuple[str, int]] = field(default_factory=set)
    """Turn and epoch of every answer that was played to its end."""

    def on_frame(self, frame: Frame) -> None:
        """Note a frame."""
        match frame:
            case SpeechEnded():
                self.asked.add(frame.turn)
            case TurnClosed():
                self.verdicts.setdefault(frame.turn, frame)
                self.closings[frame.turn, frame.seq] = 1
            case Playback(state=PlaybackState.FINISHED):
                self.finished.add((frame.turn, frame.epoch))

    @property
    def told(self) -> int:
        """Turns that somebody asked and that have their outcome."""
        return sum(not is_unasked(turn) for turn in self.verdicts)

    def twice(self) -> set[str]:
        """Turns with two outcomes, or with two answers heard in full."""
        closed = Counter(turn for turn, _ in self.closings)
        heard = Counter(turn for turn, _ in self.finished)
        return {turn for turn, count in (closed | heard).items() if count > 1}


def footprint(pipeline: RunningPipeline) -> dict[str, float]:
    """Descriptors, memory and processes of the pipeline, the simulator's recogniser included."""
    processes = pipeline.processes()
    found = {"processes": float(len(processes)), "descriptors": 0.0, "memory, MiB": 0.0}
    for process in processes:
        try:
            found["descriptors"] += process.num_fds()
            found["memory, MiB"] += process.memory_full_info().pss / 2**20
        except psutil.NoSuchProcess:
            continue
    return found


def run(turns: int, seed: int, folder: Path) -> bool:
    """Hold the conversation; print the account; return whether no turn was lost or doubled."""
    over = threading.Event()
    deeds: list[Counter[str]] = []
    account = Account()
    with running(config(folder, turns, seed)) as pipeline, contextlib.ExitStack() as stack:
        # Else its thread outlives a benchmark that is interrupted.
        stack.callback(over.set)
        ready = pipeline.until(lambda status: status.ready, "readiness")
        actors = [each.actor for each in ready.actors]
        worker = threading.Thread(
            target=lambda: deeds.append(mischief(pipeline, actors, seed, over))
        )
        with tapping(pipeline.runtime_dir, **STREAMS) as tap:
            before: dict[str, float] = {}
            for _, frame, _ in tap.stream(turns * SECONDS_PER_TURN):
                account.on_frame(frame)
                if not before and account.told >= min(WARM_UP_TURNS, turns):
                    before = footprint(pipeline)
                    worker.start()
                if account.told >= turns or pipeline.process.poll() is not None:
                    break
            over.set()
            if worker.ident is not None:
                worker.join()
            last = pipeline.until(lambda s: s.ready, "recovery")
            after = footprint(pipeline)
            # Outcomes of turns that were under way, up to the end of the last deed.
            with contextlib.suppress(TimeoutError):
                for _, frame, _ in tap.stream(1.0):
                    account.on_frame(frame)
        output = pipeline.output
    restarts = {each.actor: each.restarts for each in last.actors}
    good = report(account, restarts, sum(deeds, Counter()), before, after, f"seed {seed}")
    if not (good and account.told >= turns):
        print(output[-20_000:])
        return False
    return True


def report(
    account: Account,
    restarts: dict[str, int],
    deeds: Counter[str],
    before: dict[str, float],
    after: dict[str, float],
    title: str,
) -> bool:
    """Print the account; return whether no turn was lost or answered twice."""
    verdicts = list(account.verdicts.values())
    lost, twice = account.asked - set(account.verdicts), account.twice()
    by = Counter(each.by for each in verdicts if each.outcome is Outcome.ANSWERED)
    first = [each.first_sound_ms for each in verdicts if each.first_sound_ms is not None]
    table = Table(box=box.SIMPLE_HEAD, title=f"chaos, {title}")
    table.add_column("what")
    table.add_column("value")
    outcomes = Counter(each.outcome.value for each in verdicts)
    table.add_row("turns asked", str(len(account.asked)))
    table.add_row("answered by", ", ".join(f"{name} {count}" for name, count in by.most_common()))
    table.add_row("answers nobody asked for", str(len(verdicts) - account.told))
    table.add_row("interrupted", str(outcomes["interrupted"]))
    table.add_row("failed aloud", str(outcomes["failed"]))
    table.add_row("lost", f"{len(lost)} {sorted(lost) or ''}")
    table.add_row("answered twice", f"{len(twice)} {sorted(twice) or ''}")
    if first:
        spread = ", ".join(f"p{q * 100:g} {quantile(first, q):.0f}" for q in (0.5, 0.95, 0.99))
        table.add_row("time to first sound, ms", spread)
    table.add_row("deeds", ", ".join(f"{name} {count}" for name, count in deeds.most_common()))
    table.add_row("restarts", ", ".join(f"{name} {count}" for name, count in restarts.items()))
    for name, value in before.items():
        table.add_row(name, f"{value:.0f} before, {after.get(name, 0):.0f} after")
    Console(width=140).print(table)
    for each in verdicts:
        if each.outcome is Outcome.FAILED:
            print(f"failed: {each.turn}: {each.reason}")
    return not lost and not twice


def main() -> int:
    """Run from the command line."""
    turns, seed = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        return 0 if run(turns, seed, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
