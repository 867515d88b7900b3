"""What clients send over real sockets leaves nothing open in the gateway: every protocol."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from belongings import nothing_is_left, on_stage
from fuzz_messages import MessageFuzz
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_fuzz import PhoneFuzz
from phone_lines import EVERY
from test_gateway_fuzz import website_message
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from actors.gateway.events import Message
from actors.gateway.phone.dialects import DIALECTS
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened
from pipeline.sessions.refusal import refusal

MESSAGES = 25
"""Of a connection: the rate at which typed turns are taken allows twenty at once."""
GEMINI = (
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    {"setup": {"model": "models/gemini-3.8-live"}},
)
NOT_OPENED_S = 0.3
"""So long a client waits for its conversation, which it may have begun in the wrong words."""
CLIENT = "websockets.client"
"""Logger of the client's library, which complains if it is sent more after it has been told that
the connection is reset."""
Attack = Callable[["Supervised"], None]


def over_websocket(path: str, messages: Iterable[Message], *, vanishes: bool) -> Attack:
    """Send messages until the gateway has had enough; then close, or be gone without a word."""

    def attack(supervised: Supervised) -> None:
        url = f"ws://{supervised.gateway.url}{path}"
        with contextlib.suppress(ConnectionClosed):
            client = connect(url, legacy=True, max_queue=None)
            try:
                for number, message in enumerate(messages):
                    if isinstance(message, str):
                        client.send(message.encode("utf-8", "surrogatepass"), text=True)
                    else:
                        client.send(message)
                    if number == 0:
                        supervised.is_open.wait(NOT_OPENED_S)
                if vanishes:
                    client.socket.shutdown(socket.SHUT_RDWR)
            finally:
                client.close()

    return attack


def over_tcp(messages: Iterable[Message]) -> Attack:
    """The same over AudioSocket's own connection."""

    def attack(supervised: Supervised) -> None:
        address = supervised.gateway.harness.actor._audiosocket.address
        with contextlib.suppress(ConnectionError), socket.create_connection(address) as client:
            for number, message in enumerate(messages):
                if isinstance(message, bytes):
                    client.sendall(message)
                if number == 1:
                    supervised.is_open.wait(NOT_OPENED_S)

    return attack


def attacks(dice: random.Random, fuzz: MessageFuzz, phones: dict[str, PhoneFuzz]) -> list[Attack]:
    """Return one connection of each protocol."""
    website = ['{"type": "start_session"}', *(website_message(dice) for _ in range(MESSAGES - 1))]
    path, setup = GEMINI
    sound = (fuzz.sound([]) if fuzz.chance(0.8) else fuzz.message() for _ in range(MESSAGES))
    gemini = [json.dumps(each) for each in (setup, *sound)]
    return [
        over_websocket("/ws/live-audio", website, vanishes=dice.random() < 0.3),
        over_websocket(path, gemini, vanishes=dice.random() < 0.3),
        *(
            over_websocket(
                f"/phone/{name}", phones[name].call(MESSAGES), vanishes=dice.random() < 0.3
            )
            for name in DIALECTS
        ),
        over_tcp(phones["audiosocket"].call(MESSAGES)),
    ]


class Supervised:
    """A gateway whose sessions are opened and ended as its supervisor does."""

    def __init__(self, gateway: GatewayOnStage) -> None:
        self.gateway = gateway
        self.ends: Counter[SessionEnd] = Counter()
        self.open: set[str] = set()
        self.opened = 0
        self.is_open = threading.Event()
        """A session was opened since the client began."""

    def meanwhile(self, attack: Attack) -> None:
        """Let a client do its worst."""
        harness = self.gateway.harness
        self.is_open.clear()
        future = self.gateway.begin(lambda: attack(self))
        asked = harness.sent["sessions"]
        while not future.done() or asked:
            harness.until(lambda: future.done() or bool(asked), "what the client does")
            while asked:
                self._decide(asked.popleft())
            for port in harness.sent.values():
                if port is not asked:
                    port.clear()
        future.result()

    def end_all(self) -> None:
        """End the sessions that are open still."""
        for session in list(self.open):
            self._end(SessionEnded(session=session, reason=SessionEnd.HUNG_UP))
        self.meanwhile(lambda _: None)

    def _decide(self, frame: object) -> None:
        if isinstance(frame, SessionEnded):
            self._end(frame)
        elif isinstance(frame, SessionOpened) and (why := refusal(frame)):
            self._end(SessionEnded(session=frame.session, reason=SessionEnd.REFUSED, detail=why))
        elif isinstance(frame, SessionOpened):
            header = {"session", "origin_ns", "seq", "boot", "sent_ns"}
            self.open.add(frame.session)
            self.gateway.harness.open(frame.session, **frame.model_dump(exclude=header))
            self.opened += 1
            self.is_open.set()

    def _end(self, ended: SessionEnded) -> None:
        self.open.discard(ended.session)
        self.ends[ended.reason] += 1
        self.gateway.harness.end(ended.session, ended.reason, ended.detail)


def nothing_remains(rounds: int, caplog: pytest.LogCaptureFixture) -> None:
    dice, fuzz = random.Random(5), MessageFuzz(seed=6)
    phones = {name: PhoneFuzz(name, 7) for name in EVERY}
    with gateway_on_stage(phone={"audiosocket_port": 0}) as gateway:
        supervised = Supervised(gateway)
        for number in range(1 + rounds):
            for attack in attacks(dice, fuzz, phones):
                supervised.meanwhile(attack)
            supervised.end_all()
            if number == 0:
                before = on_stage(gateway.harness)
        nothing_is_left(gateway.harness, before)
        actor = gateway.harness.actor
        assert len(actor._callers) == 0
        assert (actor.phones.lines.lines, actor.phones.lines.enders) == ({}, {})
        assert supervised.opened > rounds * len(EVERY) / 2, "most came to conversations"
        assert supervised.opened <= supervised.ends.total()
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert [each.getMessage() for each in errors if each.name != CLIENT] == []


def test_every_protocol_leaves_nothing_open_whatever_is_sent_f28(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_remains(1, caplog)
    # A client's own faults fail sessions as well, in words: those are no errors in the log.
    assert "[error" not in capsys.readouterr().out


@pytest.mark.slow
def test_fifty_thousand_messages_over_sockets_leave_nothing_open(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_remains(150, caplog)
    assert "[error" not in capsys.readouterr().out
