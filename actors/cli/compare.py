"""`greenroom compare`: two recordings of a conversation, side by side."""

from __future__ import annotations

import json
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from actors.lib.media_files import is_companion
from actors.recordings.comparison import STAGES, Comparison, Mark, Pair, compare, word_marks
from actors.recordings.conversation import TYPES, RecordedTurn, turns_of
from actors.recordings.reader import frames, read_recording
from pipeline.errors import GreenroomError
from pipeline.logs import redact

EXIT_DIFFERENT = 1
"""As diff(1) has it."""
STYLES = {Mark.BOTH: ("", "{}"), Mark.ONLY_A: ("red", "[-{}-]"), Mark.ONLY_B: ("green", "{{+{}+}}")}
"""As `git diff --word-diff` shows them, to be read without colours too."""


def compare_command(a: str, b: str, as_json: bool, session: str | None = None) -> int:
    """Print what is the same and what is not; return the exit status.

    Raises:
        GreenroomError: one is no recording, or has nothing of the session.
    """
    comparison = compare(_turns(a, session), _turns(b, session))
    if as_json:
        text = json.dumps({"a": a, "b": b, **comparison.as_json()}, indent=2)
        print(redact(text))  # noqa: T201
    else:
        _show(comparison, a, b, Console())
    return 0 if comparison.same else EXIT_DIFFERENT


def _turns(name: str, session: str | None) -> dict[str, RecordedTurn]:
    path = Path(name)
    if not path.name:
        raise GreenroomError(f"{name!r} is no recording: name one, or 'name*.mcap'")
    found = sorted(path.parent.glob(path.name))
    files = [path] if path.exists() else [each for each in found if not is_companion(each.name)]
    recording = read_recording(files or [path], TYPES)
    if session is not None:
        recording = recording.of_session(session)
    return turns_of(frame for _, frame in frames(recording.messages))


def _show(comparison: Comparison, a: str, b: str, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("turn", no_wrap=True)
    for name in ("said", "answer"):
        table.add_column(name, overflow="fold")
    for name in ("outcome", "by"):
        table.add_column(name, no_wrap=True)
    table.add_column("first sound, ms", justify="right", no_wrap=True)
    for pair in comparison.pairs:
        table.add_row(_name(pair), *_words(pair), _first_sound(pair))
    console.print(table)
    for stage in STAGES:
        left, right = comparison.medians_ms()[stage]
        if left is not None or right is not None:
            console.print(f"median {stage.replace('_', ' ')}: {_arrow(left, right)} ms")
    different = sum(bool(pair.differences) for pair in comparison.pairs)
    verdict = f"{different} of {len(comparison.pairs)} turns differ" if different else "the same"
    names = f"[-{a}-] and {{+{b}+}}"
    console.print(escape(f"{names}: {verdict}"), highlight=False, soft_wrap=True)


def _name(pair: Pair) -> Text:
    if pair.a is not None and pair.b is not None:
        return Text(pair.turn)
    return _marked(Mark.ONLY_A if pair.b is None else Mark.ONLY_B, pair.turn)


def _words(pair: Pair) -> list[Text]:
    empty = RecordedTurn(pair.turn, outcome="")
    a, b = pair.a or empty, pair.b or empty
    cells = []
    for name in ("said", "answer", "outcome", "by"):
        left, right = redact(getattr(a, name)), redact(getattr(b, name))
        pieces = [_marked(mark, words) for mark, words in word_marks(left, right)]
        cells.append(Text(" ").join(pieces))
    return cells


def _marked(mark: Mark, words: str) -> Text:
    style, form = STYLES[mark]
    return Text(form.format(words), style)


def _first_sound(pair: Pair) -> str:
    left, right = (
        turn.latency_ms.get("first_sound") if turn is not None else None
        for turn in (pair.a, pair.b)
    )
    return _arrow(left, right)


def _arrow(a: float | None, b: float | None) -> str:
    left, right = ("-" if value is None else f"{value:.0f}" for value in (a, b))
    return f"{left} → {right}"
