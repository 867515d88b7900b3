"""A piece of a website's sound: what its `format` says that it is."""

from __future__ import annotations

import re

from actors.gateway.ear import CallerEar
from actors.gateway.errors import UnreadableSoundError
from actors.gateway.sound import begins_compressed
from actors.gateway.website.requests import AudioChunk
from actors.lib.audio import g711
from actors.lib.audio.pcm import Samples, to_pcm

RATE = re.compile(r"rate=(\d{1,6})")
PCM = re.compile(r"(audio/)?(x-)?(pcm|l16|raw)\b", re.IGNORECASE)
MULAW = re.compile(r"(audio/)?(x-)?(mulaw|mu-law|ulaw|pcmu|basic)\b", re.IGNORECASE)
ALAW = re.compile(r"(audio/)?(x-)?(alaw|a-law|pcma)\b", re.IGNORECASE)
"""Names of RFC 3551, RFC 2046, and those that telephone services have for them."""
TELEPHONE_HZ = 8000
"""Of G.711, if nobody says otherwise."""


def hear_named(ear: CallerEar, data: bytes, form: str, chunk: AudioChunk) -> None:
    """Hear bytes of a named form.

    Args:
        ear: Of the caller.
        data: The bytes.
        form: As the client names it; a MIME type may have a rate.
        chunk: What they came in.

    Raises:
        UnreadableSoundError: they cannot be heard.
    """
    rate = RATE.search(form)
    rate_hz = int(rate.group(1)) if rate else chunk.sample_rate
    levels = _levels(form)
    if levels is not None:
        said = rate is not None or "sample_rate" in chunk.model_fields_set
        pcm = to_pcm(g711.decode(data, levels))
        ear.hear_pcm(pcm, rate_hz if said else TELEPHONE_HZ, chunk.channels)
    elif PCM.match(form):
        if begins_compressed(data):
            raise UnreadableSoundError(
                f"this is called {form!r} and begins like a compressed file: leave `format` out, "
                "or name what the recorder gives, such as `webm`"
            )
        ear.hear_pcm(data, rate_hz, chunk.channels)
    else:
        ear.hear_file(data)


def _levels(form: str) -> Samples | None:
    if MULAW.match(form):
        return g711.mulaw_levels()
    return g711.alaw_levels() if ALAW.match(form) else None
