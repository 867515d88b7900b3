"""The script of the dashboard's page, run by node on a document."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from node_project import node_project
from watched import busy

from actors.cli.dashboard import server
from actors.cli.dashboard.server import panels_of
from actors.cli.watch.rows import level_rows

DRAW = Path(__file__).with_name("draw_page.mjs")
# The version these tests were written with; a range would test something else every week.
PACKAGE = "linkedom@0.18.12"
DRAW_S = 60


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_project(tmp_path_factory.mktemp("page"), DRAW, PACKAGE, "the page")


def drawn(node_folder: Path, *panels: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", DRAW.name, str(Path(server.__file__).parent)],
        cwd=node_folder,
        input=server.as_json(panels),
        capture_output=True,
        text=True,
        timeout=DRAW_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_panel_is_drawn_with_its_units(node_folder: Path) -> None:
    board = busy()
    page = drawn(node_folder, {**panels_of(board), "levels": level_rows(board)})
    tables = page["tables"]
    assert page["title"] == "robot: greenroom"
    assert "live answers" in page["headline"]
    assert tables["actors"][0] == ["actor", "state", "restarts", "memory, MiB"]
    assert tables["actors"][2:] == [
        ["vad", "ready", "0", "40"],
        ["device", "contained: killed by SIGKILL", "6", "-"],
    ]
    assert tables["streams"][:2] == [
        ["stream", "rate, Hz", "age p50, ms", "age p99, ms", "drops"],
        ["microphone.audio", "50.0", "30.0", "30.0", "3"],
    ]
    assert tables["levels"][-1] == ["microphone.audio", "", "-20"]
    assert [row[1:] for row in tables["routes"][1:]] == [
        ["device", "live gave no sound"],
        ["live", "first"],
    ]
    assert tables["turns"][1][1:] == [
        *("answered", "live", "30", "570", "300", "200", "1100", "", "1500")
    ]
    assert [round(float(width[:-1]), 1) for width in page["stages"][0]] == [2.7, 51.8, 27.3, 18.2]
    assert page["words"] == ["yougo [bold]forward[/bold]", "geminiGoing forward."]


def test_words_have_the_direction_of_their_script(node_folder: Path) -> None:
    said = "نعم، احتمال المطر غدا 70%."
    page = drawn(node_folder, {"words": [["you", said], ["gemini", "Yes."]]})
    assert page["words"] == [f"you{said}", "geminiYes."]
    assert page["isolated"] == [said, "Yes."]


def test_what_was_said_is_text_and_never_markup(node_folder: Path) -> None:
    said = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;"
    route = {"at": "12:00:00", "backend": said, "reason": said}
    page = drawn(node_folder, {"words": [["you", said]], "routes": [route], "headline": said})
    assert page["words"] == [f"you{said}"]
    assert page["headline"] == said
    assert page["tables"]["routes"][1] == ["12:00:00", said, said]
    assert (page["scripts"], page["images"]) == (1, 0)


def test_a_page_that_lost_its_server_says_so_and_asks_again(node_folder: Path) -> None:
    connection = drawn(node_folder, {})["connection"]
    assert connection["url"] == "ws://127.0.0.1:9465/key/live"
    assert connection["away"] == [False, True, False]
    assert connection["waited_ms"] == 1000
    assert connection["headline"] == "second"


def test_a_panel_replaces_the_one_before_and_may_be_empty(node_folder: Path) -> None:
    board = busy()
    page = drawn(node_folder, panels_of(board), {"turns": [], "words": []})
    assert page["tables"]["turns"] == [[], ["none yet"]]
    assert page["words"] == ["nothing said yet"]
    assert len(page["tables"]["routes"]) == 3


def test_callers_are_a_panel_of_their_own_and_a_column(node_folder: Path) -> None:
    since = {"at": "12:00:00", "labels": "number=+49 1", "turns": 2, "outcome": "answered"}
    since |= {"cost": "0.0150 USD"}
    routes = [{"at": "12:00:00", "session": name, "backend": "live", "reason": ""} for name in "ab"]
    page = drawn(node_folder, {"sessions": [{"session": "a", **since}], "routes": routes})
    assert page["tables"]["sessions"] == [
        ["since", "session", "labels", "turns", "last turn", "cost"],
        ["12:00:00", "a", "number=+49 1", "2", "answered", "0.0150 USD"],
    ]
    assert page["tables"]["routes"][1] == ["12:00:00", "a", "live", ""]
