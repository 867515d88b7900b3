"""Tokens of the Gemini protocol: a page begins a Live session with one, as its server allows it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from actors.backends.gemini.wire import normalise, read
from actors.backends.gemini.wire.auth_tokens import TOKEN_PREFIX, TokenRequest, constrained
from actors.gateway.access.principal import Principal
from actors.gateway.access.tokens import TokenIssuer

SETUP, MASK = "setup", "mask"
"""Of what a token locks: a setup, and which of its fields; None: the whole."""


def mint_token(body: Any, who: Principal, issuer: TokenIssuer, version: str) -> dict[str, Any]:
    """Return what `auth_tokens.create` answers.

    Raises:
        Invalid, HttpError: what is asked for cannot be had, in the service's words.
        CallerError: it is more than a token holds.
    """
    now_s = time.time()
    wanted = TokenRequest.parse(body, now_s)
    read("BidiGenerateContentSetup", wanted.setup, version, "auth_token")
    locked = None
    if wanted.setup or wanted.mask is not None:
        locked = {SETUP: wanted.setup, MASK: wanted.mask}
    text, _ = issuer.mint(
        who.credential,
        lasts_s=wanted.expires_s - now_s,
        opens_within_s=wanted.start_until_s - now_s,
        uses=wanted.uses,
        locked=locked,
    )
    return {"name": f"{TOKEN_PREFIX}{text}"}


def locked_setup(given: Any, locked: Mapping[str, Any] | None) -> Any:
    """Return the setup that holds: a client's, with what its token locks."""
    plain = normalise(given)
    if locked is None or not isinstance(plain, dict):
        return plain
    return constrained(plain, locked[SETUP], locked[MASK])
