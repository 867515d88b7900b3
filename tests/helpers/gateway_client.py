"""A website's client of a gateway on a stage: in a thread, while the gateway runs in the test's."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from email.message import Message
from typing import Any, TypeVar

from websockets.sync.client import ClientConnection, connect

from actors.gateway import Gateway, GatewayOptions
from actors.lib.audio.pcm import Samples, to_pcm
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded, SessionOpened
from pipeline.testing import ActorHarness, stage

T = TypeVar("T")


class GatewayOnStage:
    """A gateway by itself, a client's thread, and the part of the supervisor."""

    def __init__(self, harness: ActorHarness[GatewayOptions], threads: ThreadPoolExecutor) -> None:
        self.harness = harness
        self.url = address(harness)
        self._threads = threads

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Begin a client's work in its thread."""
        return self._threads.submit(work)

    def meanwhile(self, work: Callable[[], T], *, opens: bool = False) -> T:
        """Run a client's work while the gateway runs; return its result.

        Args:
            work: Blocks in a thread.
            opens: It asks for a session, which is to be opened.
        """
        future = self.begin(work)
        if opens:
            self.let_in()
        self.harness.until(future.done, "the client's end")
        return future.result()

    def let_in(self) -> SessionOpened:
        """Open the session that is asked for next."""
        asked = self.harness.expect("sessions", SessionOpened)
        manner = asked.model_dump(exclude={"session", "origin_ns", "seq", "boot", "sent_ns"})
        return self.harness.open(asked.session, **manner)

    def answer(self, turn: str, sound: Samples) -> None:
        """Let a backend answer a turn, all at once."""
        which = {"session": turn.rpartition(":")[0], "turn": turn, "epoch": 0, "backend": "live"}
        self.harness.send("audio", AnswerAudio(position=0, pcm=to_pcm(sound), **which))
        ended = AnswerEnded(end=AnswerEnd.COMPLETE, samples=len(sound), **which)
        self.harness.send("answer", ended)

    def connect(self, path: str = "/ws/live-audio", **options: Any) -> ClientConnection:
        """Connect a WebSocket."""
        return self.meanwhile(lambda: connect(f"ws://{self.url}{path}", legacy=True, **options))

    def say(self, client: ClientConnection, *, opens: bool = False, **message: Any) -> Any:
        """Send a message and return the next that comes."""

        def ask() -> Any:
            client.send(json.dumps(message))
            return received(client)

        return self.meanwhile(ask, opens=opens)

    def tell(self, client: ClientConnection, **message: Any) -> None:
        """Send a message that has no answer; a ping behind it has one."""

        def send() -> None:
            client.send(json.dumps(message))
            client.send('{"type": "ping"}')
            while received(client) != {"type": "pong"}:
                pass

        self.meanwhile(send)

    def next(self, client: ClientConnection) -> Any:
        """Return the next message."""
        return self.meanwhile(lambda: received(client))

    def start(self, client: ClientConnection, **manner: Any) -> str:
        """Begin a conversation; return its name."""
        started = self.say(client, opens=True, type="start_session", **manner)
        assert started["type"] == "session_started", started
        session: str = started["session_id"]
        return session

    def request(
        self, method: str, path: str, body: Any = None, *, opens: bool = False
    ) -> tuple[int, Any]:
        """Make a REST call; return its status and body."""
        return self.meanwhile(lambda: called(f"http://{self.url}{path}", method, body), opens=opens)


def address(harness: ActorHarness[GatewayOptions]) -> str:
    """Return host and port of a gateway."""
    actor = harness.actor
    written = (actor.surroundings.runtime_dir / f"{actor.name}.json").read_text()
    url: str = json.loads(written)["url"]
    return url.removeprefix("http://")


def called(url: str, method: str, body: Any = None) -> tuple[int, Any]:
    """Make a REST call; return its status and body."""
    status, text, _ = exchanged(url, method, body)
    return status, json.loads(text)


def exchanged(url: str, method: str, body: Any = None, **named: str) -> tuple[int, str, Message]:
    """Make a REST call with these headers; return its status, text and headers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **named}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def received(client: ClientConnection) -> Any:
    """Return the next message: JSON, or bytes."""
    message = client.recv(timeout=20)
    return json.loads(message) if isinstance(message, str) else message


def packed(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


@contextmanager
def gateway_on_stage(**options: Any) -> Iterator[GatewayOnStage]:
    """Start a gateway by itself."""
    with stage(Gateway, port=0, **options) as harness, ThreadPoolExecutor(4) as threads:
        yield GatewayOnStage(harness, threads)
