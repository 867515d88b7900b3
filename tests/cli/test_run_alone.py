"""`greenroom run` holds nothing of the other commands, and is the same command without them."""

from __future__ import annotations

import json
import subprocess
import sys

from typer.testing import CliRunner

from actors.cli.app import _choose, make_greenroom
from actors.cli.key_there import without_stand_in
from pipeline.cli.app import make_app

PROGRAM = """
import json, sys
from actors.cli.app import run

try:
    run()
finally:
    print(json.dumps(sorted(sys.modules)))
"""
OF_OTHERS = {
    "actors.cli.call_options",
    "actors.cli.evaluate_options",
    "actors.cli.load_options",
    "actors.cli.scale_options",
    "pipeline.cli.service.commands",
}


def imported_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_a_run_imports_nothing_of_other_commands() -> None:
    assert not imported_by("run", "nowhere.yaml") & OF_OTHERS
    assert imported_by("status") >= OF_OTHERS, "what is imported can be seen"


def test_the_help_of_run_is_the_same_without_other_commands() -> None:
    apps = make_greenroom(), make_app(_choose, without_stand_in)
    whole, alone = (
        CliRunner().invoke(app, ["run", "--help"], "", {"COLUMNS": "90"}) for app in apps
    )
    assert whole.exit_code == alone.exit_code == 0
    assert "--duration" in whole.output
    assert whole.output == alone.output
