"""generateContent of the text-to-speech models."""

import asyncio
import io
import wave
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

from actors.backends.gemini.wire import encode_base64, invalid
from actors.backends.gemini.wire.contents import text_of
from actors.backends.gemini.wire.tokens import audio_tokens, http_usage
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.simulator.answer_actions import BreakOff
from actors.simulator.capabilities import capabilities
from actors.simulator.content_request import ContentRequest
from actors.simulator.http_messages import Responder
from actors.simulator.journal import RequestRecord
from actors.simulator.pacing import pieces
from actors.simulator.plan import TurnPlan
from actors.simulator.services import Services

RAW_MIME_TYPE = f"audio/L16;codec=pcm;rate={VOICE_RATE_HZ}"
REFUSED_FIELDS = ("temperature", "topP", "topK")


async def answer(
    services: Services,
    request: ContentRequest,
    responder: Responder,
    *,
    streamed: bool,
    plan: TurnPlan,
    record: RequestRecord,
) -> None:
    """Speaks the newest content."""
    _check(request)
    text = text_of(request.contents[-1]).strip()
    if not text:
        raise invalid("Model tried to generate speech without text.")
    record.heard = record.said = text
    cut = plan.break_off
    reason = "STOP" if cut is None else cut.reason
    spoken = _spoken(services, text, cut)
    if not streamed:
        pcm = b"".join([part async for part in spoken])
        as_wav = request.family.whole == "wav" and bool(pcm)
        data, kind = (_wav(pcm), "audio/wav") if as_wav else (pcm, RAW_MIME_TYPE)
        responder.send_json(200, _response(request, data, kind, _seconds(pcm), reason))
        return
    responder.start_stream()
    seconds = 0.0
    async for pcm in spoken:
        for piece in pieces(pcm, plan.pacing, services.random):
            seconds += _seconds(piece.pcm)
            await responder.send_chunk(_response(request, piece.pcm, RAW_MIME_TYPE, None))
            await asyncio.sleep(piece.gap_s)
    if reason:
        await responder.send_chunk(_response(request, b"", RAW_MIME_TYPE, seconds, reason))
    responder.end_stream()


async def _spoken(
    services: Services, text: str, cut: BreakOff | None
) -> AsyncGenerator[bytes, None]:
    """The sound of each sentence; of what breaks off, a part of the first."""
    for sentence in sentences(text):
        pcm = await services.tts.speak(sentence)
        if cut is not None:
            yield pcm[: int(len(pcm) * cut.at) // 2 * 2]
            return
        yield pcm


def _check(request: ContentRequest) -> None:
    for name in REFUSED_FIELDS:
        if name in request.config:
            raise invalid(f"{name} is not supported for {request.model.id}.")
    request.check_modality("AUDIO")
    request.check_window()
    speech = request.config.get("speechConfig", {})
    names = {name.lower() for name in capabilities().voices}
    for voice in _voices(speech):
        if voice.lower() not in names:
            raise invalid(f"Voice name {voice} is not supported.")


def _voices(speech: dict[str, Any]) -> list[str]:
    speakers = speech.get("multiSpeakerVoiceConfig", {}).get("speakerVoiceConfigs", [])
    named = [each.get("voiceConfig", {}) for each in (speech, *speakers)]
    voices = [each.get("prebuiltVoiceConfig", {}).get("voiceName", "") for each in named]
    return [voice for voice in voices if voice]


def _response(
    request: ContentRequest,
    data: bytes,
    kind: str,
    total_s: float | None,
    finish: str = "STOP",
) -> dict[str, Any]:
    parts = [{"inlineData": {"mimeType": kind, "data": encode_base64(data)}}] if data else []
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    response: dict[str, Any] = {"candidates": [candidate], "modelVersion": request.model.id}
    if total_s is not None:
        if finish:
            candidate["finishReason"] = finish
        spoken = Counter(AUDIO=audio_tokens(total_s))
        response["usageMetadata"] = http_usage(request.tokens, spoken)
    return response


def _seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / VOICE_RATE_HZ


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(VOICE_RATE_HZ)
        sound.writeframes(pcm)
    return file.getvalue()
