"""How much callers may do; options of `gateway`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LimitOptions(BaseModel):
    """How much callers may do. An address of this machine is not limited by address: what comes
    through a proxy on it counts as its callers' only if the proxy is in `trusted_proxies`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sessions_per_credential: int | None = Field(
        None, ge=1, description="Open at once of one key and its tokens; beyond: 429."
    )
    sessions_per_address: int = Field(
        20, ge=1, description="Open at once from one address: an office behind one; beyond: 429."
    )
    new_sessions_per_credential: float | None = Field(
        None, gt=0, description="Begun in a minute by one key and its tokens; beyond: 429."
    )
    new_sessions_per_address: float = Field(
        60.0, gt=0, description="Begun in a minute from one address; beyond: 429."
    )
    connections_per_address: int = Field(
        100, ge=1, description="Open at once from one address; beyond: 429."
    )
    connections: int = Field(
        1000, ge=1, description="Open at once in all: files that a process may open; beyond: 503."
    )
    bytes_per_s: float = Field(
        1_000_000.0,
        gt=0,
        description="Of one WebSocket, in the long run: four times what PCM at 48 kHz in stereo "
        "takes in base64. Who sends more is read more slowly.",
    )
    sound_messages_per_s: float = Field(
        100.0, gt=0, description="Of one WebSocket: pieces of 10 ms; two minutes of it at once."
    )
    pictures_per_s: float = Field(4.0, gt=0, description="Of one WebSocket; ten at once.")
    texts_per_s: float = Field(
        2.0, gt=0, description="Typed turns of one WebSocket; twenty at once."
    )
    other_messages_per_s: float = Field(
        20.0, gt=0, description="Of one WebSocket: pings, results of functions; 200 at once."
    )
    first_message_s: float = Field(
        20.0,
        gt=0,
        description="A WebSocket that has begun no session for so long is closed: opening one "
        "takes up to 10 s.",
    )
    head_s: float = Field(
        20.0,
        gt=0,
        description="The head of a request has to come within this time (Apache's default).",
    )
    body_bytes_per_s: float = Field(
        500.0,
        gt=0,
        description="After 20 s the body of a request has to have come at this pace or faster "
        "(Apache's default).",
    )
