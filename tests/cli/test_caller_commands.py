from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from recorder_frames import blocks, description, taken
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from actors.gateway.store.caller_store import CallerStore, room_times
from actors.gateway.store.database import Database
from actors.gateway.store.url import database_url
from actors.services.budget.prices import load_prices
from actors.services.recorder.rotation import RotationLimits
from actors.services.recorder.session_files import files_for
from pipeline.errors import GreenroomError
from pipeline.frames import Outcome, SessionOpened, TurnClosed
from pipeline.logs import get_logger

GATEWAY = Path(__file__).parent.parent.parent / "configs" / "gateway.yaml"
SESSIONS = {"anna": "a", "anna-2": "b", "ben": "a"}
"""With the customer that is their label."""
SECRET = "the moon is made of cheese"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A pipeline that kept and recorded three sessions."""
    template = f"{tmp_path}/recordings/{{session}}.mcap"
    path = tmp_path / "calls.yaml"
    path.write_text(
        f"extends: {GATEWAY}\nname: calls\nstate_dir: {tmp_path}/state\nactors:\n"
        f"  recorder: {{use: recorder, options: {{path: '{template}'}}}}\n"
    )
    (tmp_path / "state").mkdir()
    asyncio.run(keep(tmp_path / "state"))
    files = files_for(template, RotationLimits(), description(tmp_path))
    for session in SESSIONS:
        for seq, block in enumerate(blocks(2)):
            files.write(taken(block.model_copy(update={"session": session}), seq))
    files.close()
    return path


async def keep(state: Path) -> None:
    database = Database(database_url("", state))
    times = room_times("gateway", state, time.monotonic_ns(), 60)
    store = CallerStore(
        database, times, None, load_prices(None, state), Counter(), get_logger("test")
    )
    for session, customer in SESSIONS.items():
        labels = {"customer": customer}
        store.opened(SessionOpened(session=session, conversation=session, labels=labels))
        turn = TurnClosed(session=session, turn="1", outcome=Outcome.ANSWERED, said=SECRET)
        store.rows.turn(turn)
    await store.close()


def erase(config: Path, *arguments: str) -> str:
    command = ["callers", "erase", *arguments, "--config", str(config)]
    result = CliRunner().invoke(make_greenroom(), command, catch_exceptions=True)
    if isinstance(result.exception, GreenroomError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def recordings(config: Path) -> set[str]:
    return {path.stem for path in (config.parent / "recordings").iterdir()}


def test_a_session_is_erased_with_its_recording_and_no_other(config: Path) -> None:
    assert "1 sessions and 1 recordings are erased" in erase(config, "anna")
    assert recordings(config) == {"anna-2", "ben"}
    assert "0 sessions and 0 recordings" in erase(config, "anna")


def test_a_recording_that_cannot_be_read_keeps_no_other(config: Path) -> None:
    broken = config.parent / "recordings" / "anna-3.mcap"
    broken.touch()
    said = erase(config, "--label", "customer=a")
    assert f"{broken} is left as it is" in said.replace("\n", " ")
    assert "2 sessions and 2 recordings are erased" in said
    assert recordings(config) == {"anna-2", "anna-3"}


def test_all_of_a_label_are_erased(config: Path) -> None:
    assert "2 sessions and 2 recordings are erased" in erase(config, "--label", "customer=a")
    assert recordings(config) == {"anna-2"}


def test_nothing_of_what_was_said_is_left_on_the_disk(config: Path) -> None:
    def on_disk() -> bytes:
        files = (config.parent / "state").glob("callers.sqlite3*")
        return b"".join(path.read_bytes() for path in files)

    assert SECRET.encode() in on_disk()
    for session in SESSIONS:
        erase(config, session)
    assert SECRET.encode() not in on_disk()


@pytest.mark.parametrize("arguments", [(), ("anna", "--label", "a=b"), ("--label", "customer")])
def test_who_names_nothing_or_too_much_is_told(config: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(GreenroomError, match="name one session, or one label"):
        erase(config, *arguments)
    assert recordings(config) == set(SESSIONS)
