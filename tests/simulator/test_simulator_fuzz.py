"""Nothing a client sends raises inside the simulator, and none of it is kept for ever."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import tracemalloc
from typing import Any

import pytest
from fuzz_messages import MessageFuzz
from simulating import LIVE_MODEL, MOVE, RunningSimulator, run
from test_simulator_robustness import socket_to
from websockets.exceptions import ConnectionClosed

from actors.backends.gemini.wire import encode_message, schema
from actors.simulator import SimulatorOptions, SimulatorServer
from actors.simulator.errors import Close
from actors.simulator.journal import SessionRecord
from actors.simulator.session import LiveSession
from actors.simulator.tts import tone

OPTIONS = SimulatorOptions(
    stt="none", tts="tone", answer_speed=(1e6, 1e6), playback_speed=1e6, connection_s=None
)
MODELS = (LIVE_MODEL, "gemini-2.5-flash-native-audio-latest")
CODES = {1007, 1008, 1011}
MESSAGES_PER_SESSION = 30
SOUND = 0.8
# What a run of 40,000 messages may leave behind when what is remembered by the number is full.
FLAT_BYTES = 4_000_000


def setup_for(fuzz: MessageFuzz, session: int) -> dict[str, Any]:
    """Every third one is fuzzed itself; the others get into the conversation."""
    if session % 3 == 0:
        return fuzz.setup()
    tools = [{"functionDeclarations": [MOVE]}, {"googleSearch": {}}]
    coverage = fuzz.pick(schema().enums["RealtimeInputConfig.TurnCoverage"])
    return {
        "setup": {
            "model": f"models/{fuzz.pick(MODELS)}",
            "tools": tools,
            "realtimeInputConfig": {"turnCoverage": coverage},
            "sessionResumption": {},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
        }
    }


async def read_all(socket: Any) -> None:
    """Until it is closed."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass


def next_message(fuzz: MessageFuzz, call_ids: list[str]) -> Any:
    """Mostly sound, for a bad one ends the session and with it what could go wrong later."""
    if fuzz.chance(SOUND):
        return fuzz.sound(call_ids)
    return fuzz.message()


def test_seeded_messages_over_a_socket_are_taken_or_refused() -> None:
    simulator = RunningSimulator(OPTIONS)
    fuzz = MessageFuzz(seed=1)

    async def connection(number: int) -> None:
        async with socket_to(simulator) as socket:
            # What is not read stops the client from reading pongs too.
            reading = asyncio.create_task(read_all(socket))
            with contextlib.suppress(ConnectionClosed):
                await socket.send(json.dumps(setup_for(fuzz, number)))
                for _ in range(MESSAGES_PER_SESSION):
                    await socket.send(json.dumps(next_message(fuzz, [])))
                await (await socket.ping())
            await socket.close()
            await reading
            assert socket.close_code in {1000, *CODES}

    async def all_of_them() -> None:
        for number in range(12):
            await connection(number)

    try:
        run(all_of_them())
    finally:
        # This fails if a task of the simulator failed, or if one is left.
        simulator.stop()


class DeafSocket:
    """Takes what the simulator sends, which must be fit to be sent, and forgets it."""

    def __init__(self) -> None:
        self.open = True
        self.codes: list[int] = []

    def send(self, message: dict[str, Any]) -> None:
        encode_message(message)

    def close(self, close: Close) -> None:
        assert len(close.reason.encode()) <= 123
        self.open = False
        self.codes.append(close.code)

    async def drained(self) -> None:
        pass


async def send(server: SimulatorServer, fuzz: MessageFuzz, messages: int) -> int:
    """Send so many messages in as many sessions as it takes; return the number of sessions."""
    sessions = sent = 0
    while sent < messages:
        sessions += 1
        record = SessionRecord(sessions, ("v1beta", "v1alpha")[sessions % 2], 0.0)
        server.journal.sessions.append(record)
        socket = DeafSocket()
        session = LiveSession(socket, server._services, record, lambda setup: setup)  # type: ignore[arg-type]
        session.message(json.dumps(setup_for(fuzz, sessions)).encode())
        sent += 1
        for _ in range(MESSAGES_PER_SESSION):
            if not socket.open:
                break
            calls = [call.id for call in record.tool_calls if call.outcome == "pending"]
            session.message(json.dumps(next_message(fuzz, calls)).encode())
            sent += 1
            # What was asked is answered meanwhile.
            for _ in range(8):
                await asyncio.sleep(0)
        assert set(socket.codes) <= CODES
        session.closed("client", 1000, "")
    return sessions


def settle() -> None:
    """Sounds of sentences are kept up to a number, and which ones is chance."""
    tone.cache_clear()
    gc.collect()


async def fuzzed(messages: int, *, warm_up: int) -> int:
    """Return by how many bytes memory has grown over the messages after those to warm up."""
    server = SimulatorServer(OPTIONS)
    fuzz = MessageFuzz(seed=2)
    tracemalloc.start()
    try:
        await send(server, fuzz, warm_up)
        settle()
        before = tracemalloc.get_traced_memory()[0]
        await send(server, fuzz, messages)
        await server._services.tasks.end()
        settle()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert not server.journal.faults
    return grown


def test_seeded_messages_leave_no_fault() -> None:
    asyncio.run(fuzzed(1_000, warm_up=0))


@pytest.mark.slow
def test_a_hundred_thousand_messages_leave_no_fault_and_no_memory() -> None:
    assert asyncio.run(fuzzed(40_000, warm_up=60_000)) < FLAT_BYTES
