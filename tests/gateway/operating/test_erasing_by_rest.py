"""What is kept of callers is erased by REST, as the command does it."""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from recorder_frames import blocks, description, taken

from actors.services.recorder.rotation import RotationLimits
from actors.services.recorder.session_files import files_for
from pipeline.cli.run import load_graph
from pipeline.config.description import write_description
from pipeline.frames import Outcome, SessionEnd, Side, Transcript, TurnClosed

GATEWAY = Path(__file__).parents[3] / "configs" / "gateway.yaml"
START = "/api/v1/live-audio/session/start"
OPERATOR = "/api/v1/operator"
SESSIONS = {"anna/1 ü": "a", "anna-2": "b", "ben": "a"}
"""With the customer that is their label."""
SECRET = "the moon is made of cheese"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayOnStage]:
    """Return one whose callers were recorded, and are gone, all but `ben`."""
    template = f"{tmp_path}/recordings/{{session}}.mcap"
    config = tmp_path / "calls.yaml"
    config.write_text(
        f"extends: {GATEWAY}\nname: calls\nruntime_dir: {tmp_path}\nactors:\n"
        f"  recorder: {{use: recorder, options: {{path: '{template}'}}}}\n"
    )
    write_description(load_graph(config, (), look_outside=False), 0, "1")
    files = files_for(template, RotationLimits(), description(tmp_path))
    with gateway_on_stage(folder=tmp_path) as served:
        for session, customer in SESSIONS.items():
            manner = {"session_id": session, "labels": {"customer": customer}}
            served.request("POST", START, manner, opens=True)
            talk(served, session)
            if session != "ben":
                served.harness.end(session, SessionEnd.HUNG_UP, "over")
            for seq, block in enumerate(blocks(2)):
                files.write(taken(block.model_copy(update={"session": session}), seq))
        files.close()
        counters = served.harness.actor.counters
        # A session, how it was opened, and a turn of each.
        served.harness.until(lambda: counters["rows_written"] >= 9, "rows")
        yield served


def talk(gateway: GatewayOnStage, session: str) -> None:
    words = {"session": session, "turn": "1", "backend": "live", "epoch": 1, "final": True}
    gateway.harness.send("transcript", Transcript(side=Side.USER, text=SECRET, **words))
    turn = TurnClosed(session=session, turn="1", outcome=Outcome.ANSWERED, said=SECRET)
    gateway.harness.send("turns", turn)


def one(session: str) -> str:
    return f"{OPERATOR}/session/{urllib.parse.quote(session, safe='')}"


def recordings(tmp_path: Path) -> int:
    return len(list((tmp_path / "recordings").iterdir()))


def on_disk(tmp_path: Path) -> int:
    files = tmp_path.glob("callers.sqlite3*")
    return sum(path.read_bytes().count(SECRET.encode()) for path in files)


def test_a_session_is_erased_wherever_it_is_kept(gateway: GatewayOnStage, tmp_path: Path) -> None:
    name = "anna/1 ü"
    status_path = f"/api/v1/live-audio/session/{urllib.parse.quote(name, safe='')}/status"
    assert gateway.request("GET", status_path)[0] == 410
    assert gateway.request("DELETE", one(name)) == (
        200,
        {
            "success": True,
            "sessions": 1,
            "recordings": 1,
            "recordings_left": {},
            "recordings_shared": False,
            "open": [],
        },
    )
    assert gateway.request("GET", one(name))[0] == 404
    assert gateway.request("GET", status_path)[0] == 404
    assert recordings(tmp_path) == 2
    assert gateway.request("GET", one("anna-2"))[1]["words"][0]["text"] == SECRET
    again = gateway.request("DELETE", one(name))[1]
    assert (again["sessions"], again["recordings"]) == (0, 0)


def test_all_of_a_label_are_erased_also_one_that_is_open(
    gateway: GatewayOnStage, tmp_path: Path
) -> None:
    status, said = gateway.request("DELETE", f"{OPERATOR}/sessions?label=customer=a")
    assert (status, said["sessions"], said["recordings"]) == (200, 2, 2)
    assert said["open"] == ["ben"]
    assert recordings(tmp_path) == 1
    shown = gateway.request("GET", one("ben"))[1]
    assert (shown["state"], shown["words"]) == ("away", [])
    assert gateway.request("GET", one("anna/1 ü"))[0] == 404
    # Nothing more of it is written, and nothing of what was is left on the disk.
    talk(gateway, "ben")
    counters = gateway.harness.actor.counters
    gateway.harness.until(lambda: counters["rows_erased"] > 0, "a row that is left out")
    assert gateway.request("DELETE", one("anna-2"))[1]["sessions"] == 1
    assert on_disk(tmp_path) == 0


@pytest.mark.parametrize("query", ["", "?label=", "?label=customer", "?label==a", "?session=ben"])
def test_who_names_no_label_erases_nothing(
    gateway: GatewayOnStage, tmp_path: Path, query: str
) -> None:
    status, said = gateway.request("DELETE", f"{OPERATOR}/sessions{query}")
    assert (status, "label" in said["error"]) == (400, True)
    assert recordings(tmp_path) == 3


def test_a_recording_that_cannot_be_read_is_named(gateway: GatewayOnStage, tmp_path: Path) -> None:
    broken = tmp_path / "recordings" / "ben-3.mcap"
    broken.touch()
    said = gateway.request("DELETE", one("ben"))[1]
    assert (said["recordings"], list(said["recordings_left"])) == (1, [str(broken)])


def test_a_database_that_is_away_is_told(gateway: GatewayOnStage, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "callers.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        status, said = gateway.request("DELETE", one("ben"))
    assert (status, "database" in said["error"]) == (503, True)
    assert recordings(tmp_path) == 3
