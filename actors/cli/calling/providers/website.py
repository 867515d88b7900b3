"""A visitor of a website: the gateway's own WebSocket, with sound as binary messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from actors.cli.calling.happening import What
from actors.cli.calling.json_words import played, read_object, sound_at, text_at, written
from actors.cli.calling.orders import ClearLine, EndAnswer, Order, Told, WrongMessageError
from actors.cli.calling.provider_words import ProviderWords, Words
from actors.cli.calling.providers.web_words import WebWords

WEBSITE_PATH = "/ws/live-audio"
SOUND_IS = ("audio", "binary")
"""Asked for in the address: samples as they are."""
UNINTERESTING = frozenset(
    {
        "speech_started",
        "speech_ended",
        "function_call",
        "function_cancelled",
        "time_left",
        "session_ended",
        "pong",
        "sound_done",
    }
)
"""What a caller need not do anything about; an end is told again by the close of the socket."""


class WebsiteWords(WebWords):
    """The name of the session is the call's, so that it is the same on a new connection."""

    name = "website"
    counts_sound = True

    def again(self) -> ProviderWords:
        """Return the words of the same caller on a new connection."""
        return WebsiteWords(self.facts)

    def dialled(self, url: str) -> str:
        """Return the address that asks for binary sound."""
        parts = urlsplit(url)
        query = urlencode({**dict(parse_qsl(parts.query)), SOUND_IS[0]: SOUND_IS[1]})
        return urlunsplit(parts._replace(query=query))

    def begin(self) -> list[Words]:
        """Begin the session, or come back to it; parameters are its manner."""
        manner = {"session_id": self.facts.call_id, **self.facts.parameters}
        return [written({"type": "start_session", **manner})]

    def key(self, _key: str, _at_ms: int) -> list[Words]:
        """There are no keys."""
        return []

    def stop(self) -> list[Words]:
        """End the session."""
        return [written({"type": "end_session"})]

    def _read(self, message: Words) -> list[Order]:
        if isinstance(message, bytes):
            return played(self.heard, message)
        read = read_object(message)
        kind = text_at(read, "type")
        orders = self._orders(kind, read)
        if orders is None and kind not in UNINTERESTING:
            raise WrongMessageError(f"a message of type {kind!r} means nothing to a website")
        return orders or []

    def _orders(self, kind: str, read: Mapping[str, Any]) -> list[Order] | None:
        match kind:
            case "session_started":
                self.is_ready = True
                session, resumed = text_at(read, "session_id"), bool(read.get("resumed"))
                return [Told(What.SESSION, {"session": session, "resumed": resumed})]
            case "audio":
                return played(self.heard, sound_at(read, "data"))
            case "interrupted":
                return [ClearLine()]
            case "transcript":
                said = {"role": text_at(read, "role"), "text": str(read.get("text", ""))}
                return [Told(What.WORDS, said)] if said["text"] else []
            case "turn_complete":
                turn = {
                    "turn": text_at(read, "turn"),
                    "outcome": text_at(read, "outcome"),
                    "by": str(read.get("answered_by") or ""),
                }
                return [EndAnswer(), Told(What.TURN, turn)]
            case "error":
                wrong = {"code": str(read.get("code") or ""), "text": text_at(read, "error")}
                return [Told(What.ERROR, wrong)]
            case "going_away":
                return [Told(What.ERROR, {"code": kind, "text": str(read.get("detail", ""))})]
        return None
