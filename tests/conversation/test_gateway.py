"""Callers from websites, on real processes: answered, handed on, and back after a crash."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import websockets
from helpers import journal
from recognition import recognised
from web_gateway import gateway_config
from websites import Site, address, ask

from pipeline.testing import RunningPipeline, running


def test_two_callers_are_answered_aloud_each_in_its_manner(tmp_path: Path) -> None:
    async def both(url: str) -> list[tuple[Site, dict[str, Any]]]:
        return await asyncio.gather(
            ask(url, "anna", "goforward.wav", system_instruction="You serve anna."),
            ask(url, "ben", "cards-001.wav", system_instruction="You serve ben."),
        )

    with running(gateway_config(tmp_path)) as pipeline:
        anna, ben = asyncio.run(both(address(pipeline)))
        setups = [each["setup"] for each in journal(pipeline)["sessions"]]
    for (site, closed), words in ((anna, "meters"), (ben, "ten of clubs")):
        assert (closed["outcome"], closed["answered_by"]) == ("answered", "live")
        assert words in site.words("user").lower()
        assert words in site.words("model").lower()
        assert words.split()[-1] in recognised(site.sound, 24_000)
    instructions = [str(each.get("systemInstruction")) for each in setups]
    for name in ("anna", "ben"):
        assert sum(f"You serve {name}." in each for each in instructions) == 1


def test_a_caller_is_answered_by_http_when_live_has_no_quota(tmp_path: Path) -> None:
    with running(gateway_config(tmp_path, scenario="f01_quota_mid_speech")) as pipeline:
        site, closed = asyncio.run(ask(address(pipeline), "anna", "goforward.wav"))
    assert (closed["outcome"], closed["answered_by"]) == ("answered", "http")
    assert "meters" in recognised(site.sound, 24_000)
    assert not [each for each in site.told if each["type"] in ("error", "session_ended")]


def test_callers_of_a_gateway_that_was_killed_come_back_to_their_sessions(tmp_path: Path) -> None:
    async def converse(pipeline: RunningPipeline) -> Site:
        url = address(pipeline)
        async with websockets.connect(url) as websocket:
            first = Site(websocket)
            await first.start("anna")
            await first.speak("cards-001.wav")
            await first.until("turn_complete")
            os.kill(pipeline.pid("gateway"), signal.SIGKILL)
            with pytest.raises(websockets.ConnectionClosed):
                await first.until("never")
        # The address is listened on all the time: who connects now is served by the next process.
        _, closed = await ask(url, "anna", "goforward.wav")
        assert closed["outcome"] == "answered"
        return first

    with running(gateway_config(tmp_path)) as pipeline:
        asyncio.run(converse(pipeline))
        status = pipeline.until(lambda status: status.turns_open == 0, "every turn closed")
        opened = status.session_counts["opened"]
    assert status.turns_closed == {"answered": 2}
    assert opened == 1
