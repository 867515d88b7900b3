"""The service's end of a Live connection: what it says, and upon what."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from actors.recordings.cassette.live_player import LivePlayer
from actors.recordings.cassette.recorded_frame import Utterance
from actors.recordings.cassette.script_cursor import ScriptCursor
from actors.recordings.cassette.service_script import (
    Await,
    Item,
    LiveScript,
    Responded,
    Send,
    ServiceClose,
    UserBegan,
    UserSaid,
)
from actors.simulator.errors import Close as CloseFrame
from actors.simulator.websocket import WebSocket

HELLO, BYE = b"hello " * 40, b"good bye" * 40
SAID = [Utterance("a", pcm=HELLO), Utterance("b", pcm=BYE), Utterance("t", text="And now?")]
READY = {"setupComplete": {}}


class Socket:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.ended: list[Any] = []

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def close(self, close: CloseFrame) -> None:
        self.ended.append(close)

    def reset(self) -> None:
        self.ended.append("reset")

    async def drained(self) -> None:
        """It takes anything."""


class Client:
    """Speaks to a player as google-genai does."""

    def __init__(self, *items: Item, setup: dict[str, Any] | None = None) -> None:
        self.cursor = ScriptCursor(SAID)
        self.socket = Socket()
        self.player = LivePlayer(cast(WebSocket, self.socket), LiveScript([*items]), self.cursor)
        self.tell("setup", setup or {})

    def tell(self, kind: str, content: object) -> None:
        self.player.message(json.dumps({kind: content}).encode())

    def begin(self) -> None:
        self.tell("realtime_input", {"activity_start": {}})

    def speak(self, *pcm: bytes) -> None:
        self.begin()
        for piece in pcm:
            audio = {"data": base64.b64encode(piece).decode(), "mime_type": "audio/pcm;rate=16000"}
            self.tell("realtime_input", {"audio": audio})
        self.tell("realtime_input", {"activity_end": {}})

    async def heard(self, *expected: dict[str, Any]) -> None:
        """Wait for these messages, and see that they are all."""
        async with asyncio.timeout(10):
            while len(self.socket.sent) < len(expected):
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert self.socket.sent == list(expected)
        self.socket.sent.clear()


def message(text: str) -> dict[str, Any]:
    return {"serverContent": {"outputTranscription": {"text": text}}}


def talking(test: Callable[[Callable[..., Client]], Any]) -> None:
    """Run a test that makes clients; they are gone afterwards."""

    async def run() -> None:
        with clients() as client:
            await test(client)
            await asyncio.sleep(0)

    asyncio.run(run())


@contextmanager
def clients() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(*items: Item, **setup: Any) -> Client:
        made.append(Client(*items, **setup))
        return made[-1]

    yield make
    for each in made:
        each.player.closed("client", 1000, "")


def test_an_answer_comes_when_its_turn_was_said_whatever_came_around_it() -> None:
    async def test(client: Callable[..., Client]) -> None:
        live = client(
            Await(UserSaid("a")), Send(message("Hi.")), Await(UserSaid("b")), Send(message("Bye."))
        )
        await live.heard(READY)
        live.speak(b"unheard", HELLO[:100], HELLO[100:], bytes(50))
        await live.heard(message("Hi."))
        live.speak(HELLO, BYE)
        await live.heard(message("Bye."))
        assert live.cursor.strange == []

    talking(test)


def test_other_words_get_no_answer_and_are_noted() -> None:
    async def test(client: Callable[..., Client]) -> None:
        live = client(Await(UserSaid("a")), Send(message("Hi.")))
        await live.heard(READY)
        live.speak(HELLO[:-1], bytes(32_001 - len(HELLO)))
        await live.heard()
        assert live.cursor.strange == ["1.00 s of speech"]

    talking(test)


def test_typed_words_are_known_in_both_forms_and_a_history_is_no_turn() -> None:
    async def test(client: Callable[..., Client]) -> None:
        answer = (Await(UserSaid("t")), Send(message("Now.")))
        live = client(*answer)
        live.tell("realtime_input", {"text": "And now?"})
        await live.heard(READY, message("Now."))
        setup = {"history_config": {"initial_history_in_client_content": True}}
        live = client(*answer, setup=setup)
        turns = [{"role": "user", "parts": [{"text": "And now?"}]}]
        live.tell("client_content", {"turns": turns, "turn_complete": True})
        await live.heard(READY)
        live.tell("client_content", {"turns": turns, "turn_complete": True})
        await live.heard(message("Now."))

    talking(test)


def test_an_interruption_and_a_tools_result_are_waited_for() -> None:
    async def test(client: Callable[..., Client]) -> None:
        live = client(
            Await(UserSaid("a")),
            Send(message("call")),
            Await(Responded("c1")),
            Send(message("done")),
            Await(UserBegan()),
            Send(message("interrupted")),
        )
        live.speak(HELLO)
        await live.heard(READY, message("call"))
        live.tell("tool_response", {"function_responses": [{"id": "other"}]})
        await live.heard()
        live.tell("tool_response", {"function_responses": [{"id": "c1"}]})
        await live.heard(message("done"))
        live.begin()
        await live.heard(message("interrupted"))

    talking(test)


def test_a_client_that_leaves_out_a_turn_gets_the_answer_to_the_next() -> None:
    async def test(client: Callable[..., Client]) -> None:
        live = client(
            Await(UserSaid("a")), Send(message("Hi.")), Await(UserSaid("b")), Send(message("Bye."))
        )
        live.speak(BYE)
        await live.heard(READY, message("Bye."))

    talking(test)


def test_the_same_words_twice_are_two_turns() -> None:
    twice = ScriptCursor([Utterance("a", pcm=HELLO), Utterance("b", pcm=HELLO)])
    assert twice.spoken(HELLO, []) == "a"
    assert twice.spoken(HELLO, ["a"]) == "b"


def test_a_connection_ends_as_it_did() -> None:
    async def test(client: Callable[..., Client]) -> None:
        for close, end in (
            (ServiceClose(1011, "quota"), CloseFrame(1011, "quota")),
            (ServiceClose(None), "reset"),
        ):
            at_setup = client(close)
            assert at_setup.socket.sent == []
            assert at_setup.socket.ended == [end]
            later = client(Await(UserSaid("a")), close)
            later.speak(HELLO)
            await later.heard(READY)
            assert later.socket.ended == [end]

    talking(test)


def test_what_is_no_message_of_live_ends_the_connection_and_is_noted() -> None:
    async def test(client: Callable[..., Client]) -> None:
        for content in ([], {"audio": {"data": "?"}, "activity_start": {}}):
            live = client()
            live.tell("realtime_input", content)
            (end,) = live.socket.ended
            assert end.code == 1007
            assert "none of Live" in live.cursor.strange[0]

    talking(test)
