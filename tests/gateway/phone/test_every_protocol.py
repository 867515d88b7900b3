"""A conversation over every protocol at once: asked, answered, interrupted, keyed, hung up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_lines import EVERY

from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.cli.calling.wanted_call import WantedCall
from actors.lib.audio.pcm import Samples, to_samples
from pipeline.frames import (
    Audio,
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
    SpeechStarted,
    UserText,
)

KEYLESS = ("mod_audio_fork", "mod_audio_stream")
"""What is keyed is the dialplan's."""
WORD_BLOCKS, SURE_BLOCKS, QUIET_BLOCKS = 25, 8, 10
"""Of 20 ms: in a word, until somebody surely speaks, and until it is over."""
INTERRUPTION_BLOCKS = 100
"""Longer than a busy machine takes to find it in a dozen calls, and to stop their answers."""
ANSWER_HZ, WORD_HZ = 440, 300
ANSWER_S = 20.0
"""Longer than anybody takes to speak into it, however busy the machine."""
PATIENCE_S = 20.0
"""For an answer that always comes, however busy the machine."""


def hum(pitch_hz: int, seconds: float, rate_hz: int) -> Samples:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return (9_000 * np.sin(2 * np.pi * pitch_hz * times)).astype(np.int16)


class Asker:
    """Somebody who asks, speaks into the answer, presses two keys and hangs up."""

    def __init__(self, name: str, url: str) -> None:
        call = WantedCall(url, name).call()
        self.name = name
        self.rate_hz = call.words.form.rate_hz
        self.told: list[Happening] = []
        self.tally = CallTally()
        self.heard: list[Samples] = []
        word = hum(WORD_HZ, WORD_BLOCKS * 0.02, self.rate_hz)
        interruption = hum(WORD_HZ, INTERRUPTION_BLOCKS * 0.02, self.rate_hz)
        script = [
            ScriptLine("question", word, after_s=0.2),
            ScriptLine("interruption", interruption, after_s=0.6, interrupts=True),
            *([] if name in KEYLESS else [ScriptLine("keys", keys="1#", after_s=0.2)]),
        ]
        block_samples = call.words.form.block_samples
        self.person = ScriptedCaller(
            script, block_samples, self._tell, hang_up_s=0.5, patience_s=PATIENCE_S
        )
        self.dialled = DialledCall(call, self._tell, self.heard.append)

    def _tell(self, happening: Happening) -> None:
        self.told.append(happening)
        self.tally.count(happening)

    def pitch_hz(self) -> float:
        """The loudest pitch of what was heard."""
        samples = np.concatenate(self.heard).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(samples))
        return float(np.argmax(spectrum)) * self.rate_hz / len(samples)


class Heard(Enum):
    """Of a caller, by who plays the pipeline's part."""

    NOTHING = auto()
    A_QUESTION = auto()
    AN_INTERRUPTION = auto()
    ALL = auto()


class Room:
    """Answers each question with a long tone, and notices who speaks into it."""

    def __init__(self, gateway: GatewayOnStage, sessions: dict[str, str]) -> None:
        self._gateway = gateway
        self._states = dict.fromkeys(sessions.values(), Heard.NOTHING)
        self._loud = dict.fromkeys(sessions.values(), 0)
        self._quiet = dict.fromkeys(sessions.values(), 0)
        self._read = {"audio": 0, "text": 0}
        self._turns: dict[str, str] = {}
        self._due: deque[Callable[[], None]] = deque()

    def attend(self) -> None:
        """Do what is to be done by now."""
        while self._due:
            self._due.popleft()()

    def has_work(self) -> bool:
        """Listen; return whether something is to be done."""
        for frame in self._news("audio"):
            assert isinstance(frame, Audio)
            state = self._states[frame.session]
            is_loud = int(np.abs(to_samples(frame.pcm)).max()) > 3_000
            loud = self._loud[frame.session] = self._loud[frame.session] + is_loud
            self._quiet[frame.session] = 0 if is_loud else self._quiet[frame.session] + 1
            ended = self._quiet[frame.session] >= QUIET_BLOCKS
            if state is Heard.NOTHING and loud and ended:
                self._states[frame.session] = Heard.A_QUESTION
                self._due.append(partial(self._answer, f"{frame.session}:0", ANSWER_S))
                self._loud[frame.session] = 0
            elif state is Heard.A_QUESTION and loud >= SURE_BLOCKS:
                self._states[frame.session] = Heard.AN_INTERRUPTION
                self._turns[frame.session] = f"{frame.session}:{frame.position}"
                self._due.append(partial(self._interrupt, frame))
            elif state is Heard.AN_INTERRUPTION and ended:
                self._states[frame.session] = Heard.ALL
                turn = self._turns[frame.session]
                self._due.append(partial(self._answer, turn, 0.4))
        for text in self._news("text"):
            assert isinstance(text, UserText)
            self._due.append(partial(self._answer, text.turn, 0.4))
        return bool(self._due)

    def _news(self, port: str) -> list[Any]:
        frames = [*islice(self._gateway.harness.sent[port], self._read[port], None)]
        self._read[port] += len(frames)
        return frames

    def _answer(self, turn: str, seconds: float) -> None:
        self._gateway.answer(turn, hum(ANSWER_HZ, seconds, 24_000))

    def _interrupt(self, frame: Audio) -> None:
        speech = SpeechStarted(
            session=frame.session,
            turn=self._turns[frame.session],
            position=frame.position,
            at_ns=0,
        )
        self._gateway.harness.send("speech", speech)


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, phone={"audiosocket_port": 0}) as on_stage:
        yield on_stage


def test_a_conversation_over_every_protocol(gateway: GatewayOnStage) -> None:
    harness = gateway.harness
    server = harness.actor._audiosocket
    assert server is not None
    port = server.address[1]
    askers = [
        Asker(
            name,
            f"tcp://127.0.0.1:{port}"
            if name == "audiosocket"
            else f"ws://{gateway.url}/phone/{name}",
        )
        for name in EVERY
    ]

    async def call_all() -> None:
        await asyncio.gather(*(each.dialled.run(each.person) for each in askers))

    def ended() -> list[SessionEnded]:
        return [each for each in harness.sent["sessions"] if isinstance(each, SessionEnded)]

    calling = gateway.begin(lambda: asyncio.run(call_all()))
    sessions: dict[str, str] = {}
    for _ in askers:
        harness.until(lambda: bool(harness.sent["sessions"]) or calling.done(), "a call")
        # `let_in` would pass over one that ended, and who hangs up before asks for no session.
        assert not ended(), sessions
        assert not calling.done(), [each.told for each in askers]
        opened = gateway.let_in()
        sessions[opened.labels["provider"]] = opened.session
    room = Room(gateway, sessions)
    while not calling.done():
        harness.until(lambda: room.has_work() or calling.done(), "something to do")
        room.attend()
    calling.result()
    # The last one's line may be closed only just now.
    harness.until(lambda: len(ended()) >= len(askers), "the end of every session")
    assert sorted(each.session for each in ended()) == sorted(sessions.values())
    assert {each.reason for each in ended()} == {SessionEnd.HUNG_UP}
    texts = [each for each in harness.sent["text"] if isinstance(each, UserText)]
    keyed = {each.session for each in texts if "1#" in each.text}
    for asker in askers:
        check(asker)
        session = sessions[asker.name]
        assert (session in keyed) == (asker.name not in KEYLESS), asker.name
        states = [
            each.state
            for each in harness.sent["playback"]
            if isinstance(each, Playback) and each.session == session
        ]
        assert PlaybackState.INTERRUPTED in states, asker.name


def check(asker: Asker) -> None:
    """What one of them heard."""
    name, tally = asker.name, asker.tally
    assert tally.faults == [], name
    assert tally.hung_up_by == "caller", name
    assert tally.latencies_ms, name
    assert tally.cuts_ms, name
    assert asker.pitch_hz() == pytest.approx(ANSWER_HZ, abs=5), name
    clears = [each for each in asker.told if each.what is What.CLEAR]
    assert bool(clears) == (name != "audiosocket"), name
