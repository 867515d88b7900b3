"""As which session a website's client is served."""

from __future__ import annotations

import json
from typing import Any

from actors.gateway.caller import Caller
from actors.gateway.options import GatewayOptions
from actors.gateway.website.requests import SessionRequest
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import SessionOpened

PROTOCOL = "website"
RETIRED = {
    "gemini-2.0-flash-exp",
    "gemini-2.0-flash-live-001",
    "gemini-live-2.5-flash-preview",
    "gemini-2.5-flash-live-preview",
}
"""Live models that Google shut down on 2025-12-09 and before, which websites still ask for."""


class Manners:
    """Makes a session of what a client asks for."""

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options

    def of(self, session: str, request: SessionRequest) -> SessionOpened:
        """Return how a session is opened."""
        longest_s = self._options.session_s
        return SessionOpened(
            session=session,
            instruction=request.system_instruction,
            voice=request.voice,
            language=request.language,
            model=model_of(request.model),
            temperature=request.temperature,
            functions=request.functions,
            speaks_first=request.speaks_first,
            lasts_s=min(request.lasts_s or longest_s, longest_s),
            records=request.record or self._options.record,
            labels={"protocol": PROTOCOL, **request.labels},
        )

    def started(self, caller: Caller, *, resumed: bool) -> str:
        """Return the message that says that a session is there, or goes on."""
        left_s = caller.left_s
        message: dict[str, Any] = {
            "type": "session_started",
            "session_id": caller.session,
            "resumed": resumed,
            "lasts_s": caller.manner.lasts_s,
            "left_s": None if left_s is None else round(left_s, 1),
            "audio": {"format": "pcm", "sample_rate": RATE_HZ, "channels": 1},
        }
        return json.dumps(message, ensure_ascii=False)


def model_of(name: str | None) -> str | None:
    """Return the model that a client asks for; None, as backends have it, for one that is gone."""
    plain = (name or "").removeprefix("models/")
    return None if not plain or plain in RETIRED else plain
