"""The service of the toy vendor: it repeats the sound of each turn and answers typed ones."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any


class ToyServer:
    """In a thread of its own; `heard` has each connection's messages.

    Args:
        socket: Where it listens.
        ends: Closes the first connection with this word once so many blocks have come.
    """

    def __init__(self, socket: Path, ends: tuple[str, int] | None = None) -> None:
        self.heard: list[list[dict[str, Any]]] = []
        self._ends = ends
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._call(asyncio.start_unix_server(self._serve, socket))

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[dict[str, Any]] = []
        self.heard.append(heard)
        number = len(self.heard)

        def say(**message: Any) -> None:
            writer.write(json.dumps(message).encode() + b"\n")

        while line := await reader.readline():
            message = json.loads(line)
            heard.append(message)
            sounds = [each["sound"] for each in heard if "sound" in each]
            match message:
                case {"hello": _}:
                    say(ticket=f"t{number}")
                case {"activity": "ended"}:
                    say(you="something")
                    for sound in sounds:
                        say(sound=sound)
                    say(done=1)
                case {"text": "use it"}:
                    say(call="weather", id="c1")
                case {"text": text} | {"result": {"text": text}}:
                    say(me=f"You said: {text}")
                    say(sound=("AAAA" * 80))
                    say(done=1)
            if self._ends and number == 1 and len(sounds) == self._ends[1]:
                say(over=self._ends[0])
                writer.write_eof()
                # Closed with something unread it would be reset, and its last word lost.
                await reader.read()
                break
        writer.close()
