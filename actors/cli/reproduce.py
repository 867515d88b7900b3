"""`greenroom reproduce`: does an actor still give what it gave?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from actors.recordings.difference import differences
from actors.recordings.reader import read_recording
from actors.recordings.reproduce import reproduce
from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames.values import json_text
from pipeline.yaml_text import YamlError, parse_yaml

EXIT_DIFFERENT = 1
"""As diff(1) has it."""
SHOWN_BYTES = 16
"""Of sound and pictures only the size and the beginning are shown."""


def reproduce_command(
    actor: str,
    files: Sequence[Path],
    use: str | None,
    sets: Sequence[str],
    ignored: Collection[str],
    ports: Collection[str],
    pace: float,
) -> int:
    """Print the frames that differ, as `diff` would; return the exit status.

    Raises:
        GreenroomError: no such recording or actor.
    """
    recording = read_recording([each.absolute() for each in files])
    here = Path.cwd()
    if use is not None and (here / use.partition(":")[0]).is_file():
        use = str(here / use)
    # What it writes to relative paths must not replace what the recorded run wrote.
    with tempfile.TemporaryDirectory(prefix="reproduce-") as private:
        os.chdir(private)
        try:
            done = reproduce(recording, actor, use=use, options=_options(sets), pace=pace)
        finally:
            os.chdir(here)
    then, now = done.recorded, done.produced
    for port in ports:
        if port not in now:
            hint = did_you_mean(port, now)
            raise ConfigError(f"--port {port}: {actor} has no such output port; {hint}")
    then = {port: sent for port, sent in then.items() if not ports or port in ports}
    found = differences(then, now, ignored, placed=done.placed)
    for each in found:
        sign = "-" if each.recorded else "+"
        _print(f"{sign} {actor}.{each.port} {json_text(each.fields, default=_brief)}")
    for words in done.strange:
        _print(f"{actor} said to its service what it had not said: {words}")
    recorded, produced = (sum(len(side[port]) for port in then) for side in (then, now))
    verdict = f"{len(found)} differ" if found else "the same"
    if done.strange and not found:
        verdict = "the same, but not what it said to its service"
    _print(f"{actor}: {recorded} frames recorded, {produced} now: {verdict}")
    return EXIT_DIFFERENT if found or done.strange else 0


def _options(sets: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for each in sets:
        key, equals, text = each.partition("=")
        try:
            options[key] = parse_yaml(text)
        except YamlError as error:
            raise ConfigError(f"--set {each}: the value is not YAML: {error}") from error
        if not equals:
            raise ConfigError(f"--set {each}: write it as option=value")
    return options


def _brief(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes: {value[:SHOWN_BYTES].hex()}"
    return str(value)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
