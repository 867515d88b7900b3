"""The service's end of a Live connection, which says what it said in the recorded run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT, decode_base64, normalise
from actors.recordings.cassette.script_cursor import ScriptCursor
from actors.recordings.cassette.service_script import (
    Await,
    Cue,
    LiveScript,
    Responded,
    Send,
    ServiceClose,
    UserBegan,
    UserSaid,
)
from actors.simulator.errors import Close as CloseFrame
from actors.simulator.errors import Refused
from actors.simulator.shapes import as_object, as_objects, content_text
from actors.simulator.websocket import WebSocket

AHEAD_S = 1.0
"""A message may come so much earlier than in the recorded run: then it is there in time for what
comes by the clock, such as the user's interruption, however busy the machine is."""

INVALID = 1007
"""RFC 6455: a message that is not what it should be."""


class LivePlayer:
    """Plays one connection of the script; all methods return at once."""

    def __init__(self, socket: WebSocket, script: LiveScript, cursor: ScriptCursor) -> None:
        self._socket = socket
        self._cursor = cursor
        self._items = list(script.items)
        self._events: list[Cue] = []
        self._changed = asyncio.Event()
        self._next_event = 0
        self._cue_s = 0.0
        self._pcm: bytearray | None = None
        self._seeded = True
        self._handles = 0
        self._turns: list[str] = []
        self._playing: asyncio.Task[Any] | None = None

    def message(self, data: bytes) -> None:
        """Takes one message of the client."""
        try:
            self._on_message(as_object(normalise(json.loads(data))))
        except (Refused, ValueError, KeyError, TypeError) as error:
            self._cursor.strange.append(f"a message that is none of Live: {error!r}")
            self._socket.close(CloseFrame(INVALID, INVALID_ARGUMENT))

    def _on_message(self, message: dict[str, Any]) -> None:
        for kind, content in message.items():
            match kind:
                case "setup":
                    self._set_up(as_object(content))
                case "realtimeInput":
                    self._input(as_object(content))
                case "clientContent":
                    self._content(as_object(content))
                case "toolResponse":
                    for each in as_objects(as_object(content).get("functionResponses")):
                        self._happened(Responded(str(each.get("id"))))

    def closed(self, by: str, code: int, reason: str) -> None:
        """The socket is closed."""
        if self._playing is not None:
            self._playing.cancel()

    def _set_up(self, setup: dict[str, Any]) -> None:
        self._cue_s = asyncio.get_running_loop().time()
        if self._items and isinstance(self._items[0], ServiceClose):
            self._end(self._items[0])
            return
        history = as_object(setup.get("historyConfig"))
        self._seeded = not history.get("initialHistoryInClientContent")
        self._socket.send({"setupComplete": {}})
        self._playing = self._cursor.tasks.spawn(self._play())

    def _input(self, content: Mapping[str, Any]) -> None:
        if "activityStart" in content:
            self._pcm = bytearray()
            self._happened(UserBegan())
        if "audio" in content and self._pcm is not None:
            self._pcm += decode_base64(content["audio"]["data"])
        if "text" in content:
            self._said(self._cursor.typed(str(content["text"]), self._turns))
        if "activityEnd" in content and self._pcm is not None:
            pcm, self._pcm = bytes(self._pcm), None
            self._said(self._cursor.spoken(pcm, self._turns))

    def _content(self, content: Mapping[str, Any]) -> None:
        if not content.get("turnComplete"):
            return
        if not self._seeded:
            self._seeded = True
            return
        texts = [content_text(turn) for turn in as_objects(content.get("turns"))]
        self._said(self._cursor.typed("\n".join(texts), self._turns))

    def _said(self, turn: str | None) -> None:
        if turn is not None:
            self._turns.append(turn)
            self._happened(UserSaid(turn))

    def _happened(self, event: Cue) -> None:
        self._events.append(event)
        self._changed.set()

    async def _play(self) -> None:
        while self._items:
            item = self._items.pop(0)
            if isinstance(item, Await):
                await self._await(item.cue)
                continue
            loop = asyncio.get_running_loop()
            due_s = self._cue_s + item.after_s / self._cursor.pace - AHEAD_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if isinstance(item, ServiceClose):
                self._end(item)
                return
            self._send(item)
            await self._socket.drained()

    async def _await(self, cue: Cue) -> None:
        while not self._seen(cue):
            if self._skip():
                return
            self._changed.clear()
            await self._changed.wait()
        self._cue_s = asyncio.get_running_loop().time()

    def _seen(self, cue: Cue) -> bool:
        if isinstance(cue, Responded):
            return cue in self._events
        if cue not in self._events[self._next_event :]:
            return False
        self._next_event = self._events.index(cue, self._next_event) + 1
        return True

    def _skip(self) -> bool:
        """Go on to a turn that the client says without having waited for what comes before."""
        for event in self._events[self._next_event :]:
            if isinstance(event, UserSaid) and Await(event) in self._items:
                del self._items[: self._items.index(Await(event))]
                return True
        return False

    def _send(self, item: Send) -> None:
        self._socket.send(item.message)
        if as_object(item.message.get("serverContent")).get("turnComplete"):
            # What a session may be resumed with is not in a recording; any will do.
            self._handles += 1
            update = {"newHandle": f"cassette-{self._handles}", "resumable": True}
            self._socket.send({"sessionResumptionUpdate": update})

    def _end(self, close: ServiceClose) -> None:
        if close.code is None:
            self._socket.reset()
        else:
            self._socket.close(CloseFrame(close.code, close.reason))
