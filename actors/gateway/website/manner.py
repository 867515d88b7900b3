"""As which session a website's client is served."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from actors.backends.gemini.http.listing import LIVE_MODEL
from actors.backends.gemini.live.capabilities import capabilities, family_of, known_voice
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError
from actors.gateway.options import GatewayOptions
from actors.gateway.website.requests import SessionRequest
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.errors import did_you_mean
from pipeline.frames import SessionOpened
from pipeline.sessions.refusal import refusal

PROTOCOL = "website"
RETIRED = re.compile(
    r"gemini-(1\.0|1\.5|2\.0)-.*|gemini-live-2\.5-.*|gemini-2\.5-flash-live-preview"
)
"""Models that Google shut down on 2025-12-09 and before, which websites still ask for."""


class Manners:
    """Makes a session of what a client asks for."""

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options

    def of(self, session: str, request: SessionRequest) -> SessionOpened:
        """Return how a session is opened.

        Raises:
            CallerError: there is no such model or voice; names the nearest. Or more is asked for
                than a session may have.
        """
        longest_s = self._options.session_s
        manner = SessionOpened(
            session=session,
            instruction=request.system_instruction,
            voice=voice_of(request.voice),
            language=request.language,
            model=model_of(request.model, self._options.models),
            temperature=request.temperature,
            functions=request.functions,
            speaks_first=request.speaks_first,
            lasts_s=min(request.lasts_s or longest_s, longest_s),
            records=request.record or self._options.record,
            labels={"protocol": PROTOCOL, **request.labels},
        )
        # What the pipeline would refuse whenever it is asked again.
        if why := refusal(manner):
            raise CallerError(why)
        return manner

    def started(self, caller: Caller, *, resumed: bool, sound: int | None) -> str:
        """Return the message that says that a session is there, or goes on.

        Args:
            caller: Whose it is.
            resumed: It goes on.
            sound: From where its client is to send its sound; None: it does not count it.
        """
        left_s = caller.left_s
        message: dict[str, Any] = {
            "type": "session_started",
            "session_id": caller.session,
            "resumed": resumed,
            "lasts_s": caller.manner.lasts_s,
            "left_s": None if left_s is None else round(left_s, 1),
            "audio": {"format": "pcm", "sample_rate": RATE_HZ, "channels": 1},
        }
        if sound is not None:
            message["sound"] = sound
        return json.dumps(message, ensure_ascii=False)


def model_of(name: str | None, chosen: Collection[str]) -> str | None:
    """Return the model that a client asks for; None, as backends have it, for one that is gone.

    Args:
        name: As the client says it.
        chosen: Those that may be chosen whatever their names are.

    Raises:
        CallerError: it is no Live model; names the nearest.
    """
    plain = (name or "").removeprefix("models/")
    if not plain or (RETIRED.fullmatch(plain) and plain not in chosen):
        return None
    if plain in chosen or (family_of(plain).prefix and LIVE_MODEL.search(plain)):
        return plain
    families = (each.prefix for each in capabilities().families)
    whole = (prefix for prefix in families if LIVE_MODEL.search(prefix))
    raise CallerError(f"no Live model {plain!r}: {did_you_mean(plain, [*chosen, *whole])}")


def voice_of(name: str | None) -> str | None:
    """Return the voice that a client asks for, as Gemini spells it.

    Raises:
        CallerError: there is none such; names the nearest.
    """
    try:
        return known_voice(name or None)
    except ValueError as error:
        raise CallerError(str(error)) from None
