"""Everything is killed, database of callers excepted; the pipeline is started anew."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import websockets
from helpers import journal
from web_gateway import gateway_config
from websites import Site, address

from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline, running

LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


async def set_up(pipeline: RunningPipeline, handle: str | None = None) -> str:
    """Connect as a client of the Gemini protocol; return the handle that it is given."""
    url = url_of(pipeline).replace("http", "ws", 1) + LIVE
    resumption = {} if handle is None else {"handle": handle}
    setup = {"model": "models/any", "sessionResumption": resumption}
    async with websockets.connect(url) as websocket, asyncio.timeout(60):
        await websocket.send(json.dumps({"setup": setup}))
        async for message in websocket:
            update: dict[str, Any] = json.loads(message).get("sessionResumptionUpdate", {})
            if "newHandle" in update:
                return str(update["newHandle"])
    raise AssertionError("no handle came")


def kept(state: Path, query: str) -> list[tuple[Any, ...]]:
    (file,) = state.rglob("callers.sqlite3")
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def kept_turns(state: Path) -> list[tuple[Any, ...]]:
    return kept(
        state,
        "SELECT name, turns.epoch, said, answer, outcome, backend, first_sound_ms, tokens"
        " FROM turns JOIN sessions ON session_id = id ORDER BY closed_at",
    )


def resumable(state: Path) -> set[str]:
    """Names of the sessions that can be taken up."""
    return {
        name
        for (name,) in kept(state, "SELECT name FROM sessions JOIN resumption ON id = session_id")
    }


def kill_everything(pipeline: RunningPipeline) -> None:
    for process in pipeline.processes():
        process.kill()
    pipeline.process.wait()


def test_callers_come_back_to_their_conversations_when_everything_was_killed(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    env = {"XDG_STATE_HOME": str(state)}
    labels = {"interview_type": "technical"}

    async def talk(pipeline: RunningPipeline, recording: str, **manner: Any) -> Site:
        async with websockets.connect(address(pipeline)) as websocket:
            site = Site(websocket)
            await site.start("anna", **manner)
            await site.speak(recording)
            closed = await site.until("turn_complete")
            assert closed["outcome"] == "answered"
            return site

    with running(gateway_config(tmp_path), env=env) as pipeline:
        manner = {"system_instruction": "You serve anna.", "labels": labels}
        asyncio.run(talk(pipeline, "cards-001.wav", **manner))
        handle = asyncio.run(set_up(pipeline))
        # Written some 50 ms later (docs/gateway.md): what is killed before that is not promised.
        pipeline.until(lambda _: len(kept_turns(state)) == 1, "the turn in the database")
        pipeline.until(lambda _: handle in resumable(state), "the session of the handle in it")
        kill_everything(pipeline)

    with running(gateway_config(tmp_path), env=env) as pipeline:
        again = asyncio.run(talk(pipeline, "goforward.wav"))
        assert asyncio.run(set_up(pipeline, handle)) == handle
        setups = [each for each in journal(pipeline)["sessions"] if each["setup"]]
        pipeline.until(lambda _: len(kept_turns(state)) == 2, "the second turn")

    assert "meters" in again.words("model").lower()
    (served,) = (each for each in setups if "You serve anna." in str(each["setup"]))
    assert "ten of clubs" in str(served["history"]).lower()
    first, second = kept_turns(state)
    assert (first[:2], second[:2]) == (("anna", 0), ("anna", 1))
    for row, words in ((first, "ten of clubs"), (second, "meters")):
        _, _, said, answer, outcome, backend, first_sound_ms, tokens = row
        assert words in said.lower()
        assert words in answer.lower()
        assert (outcome, backend) == ("answered", "live")
        assert first_sound_ms > 0
        assert tokens > 0
