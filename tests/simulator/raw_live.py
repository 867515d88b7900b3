"""A client of the Live service that sends whatever it is told, and keeps all that comes back."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from typing import Any

from simulating import LIVE_MODEL, RunningSimulator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 15.0


class RawLive:
    """`async with RawLive(simulator, **setup) as live` sends the setup and waits for the reply."""

    def __init__(
        self,
        simulator: RunningSimulator,
        model: str = LIVE_MODEL,
        version: str = "v1beta",
        **setup: Any,
    ) -> None:
        self._url = simulator.server.base_url.replace("https", "wss") + (
            f"/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent?key=k"
        )
        self._context = ssl.create_default_context(cafile=str(simulator.server.ca_file))
        self._setup = {
            "model": f"models/{model}",
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "outputAudioTranscription": {},
            "inputAudioTranscription": {},
            **setup,
        }
        self.got: list[dict[str, Any]] = []

    async def __aenter__(self) -> RawLive:
        self._socket: ClientConnection = await connect(
            self._url, ssl=self._context, max_size=None, open_timeout=60
        )
        await self.send({"setup": self._setup})
        await self.until("setupComplete")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    @property
    def close(self) -> tuple[int | None, str]:
        """Code and reason, once the server has closed."""
        return self._socket.close_code, self._socket.close_reason or ""

    @property
    def said(self) -> str:
        """The transcript of all answers."""
        return "".join(
            message["serverContent"]["outputTranscription"]["text"]
            for message in self.got
            if "outputTranscription" in message.get("serverContent", {})
        )

    @property
    def kinds(self) -> list[str]:
        """What came, in order, runs of the same as one; usage counts as part of its message."""
        kinds: list[str] = []
        for message in self.got:
            for kind in kinds_of(message):
                if kinds[-1:] != [kind]:
                    kinds.append(kind)
        return kinds

    def calls(self) -> list[dict[str, Any]]:
        """All function calls so far."""
        asked = [message["toolCall"] for message in self.got if "toolCall" in message]
        return [call for each in asked for call in each["functionCalls"]]

    async def send(self, *messages: Any) -> None:
        """Sends objects as JSON, text as it is."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            try:
                await self._socket.send(text)
            except ConnectionClosed:
                return

    async def text(self, text: str) -> None:
        """A typed turn."""
        await self.send({"realtimeInput": {"text": text}})

    async def content(self, *turns: dict[str, Any], complete: bool = True) -> None:
        """Turns for the history."""
        await self.send({"clientContent": {"turns": list(turns), "turnComplete": complete}})

    async def reply(self, call: dict[str, Any], response: Any = None, **more: Any) -> None:
        """Answers a function call."""
        body = {"id": call["id"], "name": call["name"], "response": response or {}, **more}
        await self.send({"toolResponse": {"functionResponses": [body]}})

    async def until(self, kind: str, times: int = 1) -> dict[str, Any]:
        """Waits until something of the kind has come so often since the beginning, or a close."""
        seen = 0
        for message in self.got:
            seen += kinds_of(message).count(kind)
        async with asyncio.timeout(PATIENCE_S):
            while seen < times:
                try:
                    data = await self._socket.recv()
                except ConnectionClosed:
                    return {}
                message = json.loads(data)
                self.got.append(message)
                seen += kinds_of(message).count(kind)
        return self.got[-1]

    async def closed(self) -> tuple[int | None, str]:
        """Waits for the server's close."""
        await self.until("never")
        return self.close

    async def until_quiet(self, quiet_s: float) -> None:
        """Waits until nothing has come for so long."""
        while True:
            try:
                self.got.append(json.loads(await asyncio.wait_for(self._socket.recv(), quiet_s)))
            except (TimeoutError, ConnectionClosed):
                return


def kinds_of(message: dict[str, Any]) -> list[str]:
    """What a message holds: fields of serverContent, or the message's own; handles by state."""
    kinds: list[str] = []
    for name, value in message.items():
        if name == "serverContent":
            kinds += [
                str(item) if field == "interactionStatus" else field
                for field, item in value.items()
            ]
        elif name == "sessionResumptionUpdate":
            kinds.append("resumable" if value.get("resumable") else "not_resumable")
        elif name != "usageMetadata":
            kinds.append(name)
    return kinds


def audio(pcm: bytes, mime_type: str = "audio/pcm;rate=16000") -> dict[str, Any]:
    """A message with sound."""
    data = base64.b64encode(pcm).decode()
    return {"realtimeInput": {"audio": {"data": data, "mimeType": mime_type}}}


def user(text: str) -> dict[str, Any]:
    """A content of the user."""
    return {"role": "user", "parts": [{"text": text}]}
