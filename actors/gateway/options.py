"""Options of `gateway`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from actors.gateway.access.addresses import parsed_networks
from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.phone.options import PhoneOptions
from actors.gateway.rooms.quota import WhenFull
from actors.outputs.player_options import PlayerOptions
from pipeline.frames.sessions import RecordingConsent
from pipeline.paths import ConfigPath


class GatewayOptions(PlayerOptions):
    """Where callers connect, and what they may do."""

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on; `0.0.0.0` or `::` for all. As long as there is no "
        "credential, only this machine is served, whatever the address.",
    )
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on; 0: any that is free.")
    certificate: ConfigPath | None = Field(
        None,
        description="PEM file with the certificate (and its chain), from the config's folder: "
        "https and wss are served with it. The Python SDK of Gemini takes nothing else.",
    )
    private_key: ConfigPath | None = Field(None, description="PEM file with its private key.")
    origins: list[str] = Field(
        [],
        description="Web sites, besides the gateway's own page, whose scripts may connect: "
        "`https://example.org`, exactly as the browser says it.",
    )
    hosts: list[str] = Field(
        [],
        description="Names under which callers reach the gateway, such as `voice.example.org`, "
        "besides addresses and localhost: a page whose name was made to point here is refused.",
    )
    trusted_proxies: list[str] = Field(
        [],
        description="Addresses or networks of proxies in front, whose `X-Forwarded-For` is taken "
        "for where a caller comes from; anybody else's is not.",
    )
    anybody: bool = Field(
        False,
        description="Nobody needs a key, from wherever it comes: for a proxy in front that asks "
        "for one.",
    )
    room: str = Field(
        "",
        max_length=100,
        description="Name of this room, if several share the database and the callers: another one "
        "in each. See docs/scaling.md.",
    )
    address: str = Field(
        "",
        description="Where this room is reached, for whoever looks after all of them; left out, as "
        "the gateway itself is.",
    )
    places: int | None = Field(
        None,
        ge=1,
        description="Callers that are taken at once; left out, 30 for each processor if the room "
        "has a name, and as many as are served in time if it has none.",
    )
    when_quota_is_full: WhenFull = Field(
        WhenFull.REFUSE,
        description="Who comes when no project has a place for a further Live session, if `live` "
        "shares its places (`database`): `refuse`: is told 503, to come again; `answer`: is "
        "answered by the other backends of the route, and by `live` once a place is free.",
    )
    limits: LimitOptions = Field(LimitOptions(), description="How much callers may do.")
    phone: PhoneOptions = Field(
        PhoneOptions(), description="How calls by telephone are served, see docs/telephones.md."
    )
    failure_prompts: dict[str, ConfigPath] = Field(
        {},
        description="Sound files in place of `failure_prompt`, by the language of the session: "
        "`de` is for `de-DE` and `de-AT` too.",
    )
    models: list[str] = Field(
        [],
        description="Live models that clients of the Gemini protocol may choose; who names "
        "another, such as one that is retired, is served with that of the backends' options. "
        "Websites may choose any of the families that are known, and these.",
    )
    session_s: float = Field(900.0, gt=0, description="How long a caller's conversation may last.")
    warning_s: float = Field(
        60.0, ge=0, description="How long before its end the caller is told of it; 0: not."
    )
    absence_s: float = Field(
        60.0,
        gt=0,
        description="How long a caller whose connection broke may come back to its conversation.",
    )
    database: str = Field(
        "",
        description="Where sessions, turns and credentials are kept: a URL such as "
        "`postgresql://user@host/name`, or `$NAME` of a variable that holds one; left out, a file "
        "of SQLite in the pipeline's state folder.",
    )
    record: RecordingConsent = Field(
        RecordingConsent.ALL,
        description="What of a conversation may be kept and recorded if its client does not say: "
        "`all`, `text` (words only) or `nothing` (no words).",
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        description="Sessions that ended so many days ago are erased from the database with all "
        "that was said; left out: never.",
    )
    prices: str | None = Field(
        None, description="Price table of your own (YAML), as for `budget`, for the cost of turns."
    )
    content_s: float = Field(
        120.0,
        gt=0,
        description="How long the answer to `generateContent` may take: many programs wait for two "
        "minutes.",
    )
    ahead_ms: float = Field(
        120.0,
        ge=0,
        le=400,
        description="Sound that is sent before its time, so that the network may hesitate.",
    )

    access_log: bool = Field(
        True,
        description="A line in the log for each request, and for each WebSocket once it has ended.",
    )

    file_s: float = Field(
        600.0, gt=0, description="Length of the longest sound file that is put into words."
    )
    file_bytes: int = Field(
        25_000_000,
        gt=0,
        description="Size of the largest: 13 minutes of WAV at 16 kHz, 20 of MP3. It is held in "
        "memory while it is read.",
    )
    files_at_once: int = Field(
        4, ge=1, description="Sound files that are heard at once; whoever brings more is told 503."
    )
    file_speed: float = Field(
        4.0,
        ge=1,
        le=20,
        description="How much faster than it was spoken a file is heard, at most: at 4 a machine "
        "that takes 0.1 s to note a pause has heard 0.4 s more, which is less than a turn.",
    )
    file_patience_s: float = Field(
        60.0,
        gt=0,
        description="How much longer than the file itself its words may take.",
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("give both certificate and private_key, or none of them")
        return self

    @field_validator("host")
    @classmethod
    def _is_address(cls, host: str) -> str:
        if host == "localhost":
            return host
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError(f"{host!r} is no address: write 127.0.0.1, 0.0.0.0 or ::") from None
        return host

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, names: list[str]) -> list[str]:
        parsed_networks(names)
        return names

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        check_origins(origins)
        return origins

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if not host or set(host) & set(":/*@ "):
                raise ValueError(f"{host!r} is no name of a host: write it without scheme and port")
        return hosts


def check_origins(origins: Sequence[str]) -> None:
    """Look whether they are origins as browsers write them.

    Raises:
        ValueError: one is not.
    """
    for origin in origins:
        parts = urlsplit(origin)
        if not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ValueError(
                f"{origin!r} is no origin: write scheme and host as the browser does, such as "
                "https://example.org, with no slash behind it"
            )
