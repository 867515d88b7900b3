"""One rendering of a sentence by the model for the voice."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from actors.backends.gemini.http.contents import speech_config_of
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.http.pcm_stream import PcmStream
from actors.backends.gemini.http.service import HttpService
from actors.backends.gemini.http.voice import WholeSound
from actors.backends.gemini.usage import http_tokens
from actors.backends.turnwise.request import Part


async def rendering(
    service: HttpService, manner: HttpOptions, text: str, whole: WholeSound
) -> AsyncGenerator[Part, None]:
    """Give what is new of the sound of a sentence, and what it costs.

    Args:
        service: Renders it.
        manner: Whose voice.
        text: The sentence.
        whole: What there is of its sound.

    Raises:
        ServiceFailedError: the service failed.
    """
    stream = PcmStream()
    config = speech_config_of(manner)
    model = manner.tts_model
    usage = None
    whole.begin()
    async with aclosing(service.stream(model, text, config)) as pieces:
        async for piece in pieces:
            usage = piece.usage_metadata or usage
            for candidate in (piece.candidates or [])[:1]:
                if candidate.finish_reason is not None:
                    whole.finish = str(candidate.finish_reason.value)
                for part in (candidate.content.parts if candidate.content else None) or []:
                    blob = part.inline_data
                    if blob is not None and blob.data:
                        sound = stream.feed(blob.data, blob.mime_type or "")
                        fresh = whole.add(sound) if sound is not None else None
                        if fresh is not None:
                            yield fresh
    if usage is not None:
        yield http_tokens(model, usage, "audio")
