"""REST for sound files: what is said in them, and where."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from actors.gateway.access.access import Access
from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.errors import CallerError
from actors.gateway.files.heard_file import Segment
from actors.gateway.files.stored_sound import decode_stored
from actors.gateway.files.transcriber import Transcriber
from actors.gateway.files.transcription import FileWords, Transcription
from actors.gateway.unless_gone import unless_gone
from actors.gateway.website.body import Body
from actors.gateway.website.uploads import Upload, UploadRequest, read_upload
from actors.gateway.website.word_stream import LINES, WordStream
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from pipeline.logs import get_logger

GONE = 499
"""What nginx logs of a caller who did not wait; nobody reads it."""
FORM = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "question": {"type": "string"},
        "language": {"type": "string"},
    },
    "required": ["file"],
}


def transcribe_routes(transcriber: Transcriber, access: Access) -> APIRouter:
    """Return the REST call that puts a file into words."""
    router = APIRouter()
    options = access.options
    takes = {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": FORM},
            "application/json": {"schema": UploadRequest.model_json_schema()},
            "audio/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }

    @router.post(
        "/api/v1/live-audio/transcribe", response_model=None, openapi_extra={"requestBody": takes}
    )
    async def transcribe(request: Request) -> dict[str, Any] | Response:
        """Tell what is said in a sound file, and answer a question about it.

        Who accepts `application/x-ndjson` is told each second how far it is, a line each; the last
        line is the answer, or has `error`.

        400: it cannot be read; 413: it is too large or too long; 503: all are busy; 504: no words
        of it came in time.
        """
        body = Body(request, options.limits.body_bytes_per_s)
        own = access.callers_of(request)
        try:
            with contextlib.ExitStack() as place:
                place.enter_context(transcriber.place())
                upload = await read_upload(request, body, options.file_bytes)
                samples = await asyncio.to_thread(_decoded, upload.data, options.file_s)
                work = _FileWork(transcriber, own, samples, upload)
                if LINES in request.headers.get("accept", ""):
                    answer = asyncio.ensure_future(work.run())
                    return WordStream(answer, work.progress, place.pop_all())
                return await unless_gone(request.receive, work.run())
        except ClientDisconnect:
            return Response(status_code=GONE)
        except CallerError:
            await body.discard()
            raise

    return router


class _FileWork:
    """A file that came, and what comes of it."""

    def __init__(
        self, transcriber: Transcriber, own: OwnCallers, samples: Samples, upload: Upload
    ) -> None:
        self._transcriber = transcriber
        self._own = own
        self._samples = samples
        self._upload = upload
        self._heard: Transcription | None = None

    async def run(self) -> dict[str, Any]:
        """Return the answer; raises as `Transcriber.transcribe`."""
        upload = self._upload
        words = await self._transcriber.transcribe(
            self._own, self._samples, upload.question, upload.language, self._begun
        )
        length_s = len(self._samples) / SPEECH_RATE_HZ
        return _told(words, length_s, asked=bool(upload.question))

    def progress(self) -> dict[str, Any] | None:
        """Return how far it is; None: it has not begun."""
        if self._heard is None:
            return None
        return {
            "heard_s": round(self._heard.heard_samples / SPEECH_RATE_HZ, 3),
            "duration_s": round(len(self._samples) / SPEECH_RATE_HZ, 3),
            "text": self._heard.words().text,
        }

    def _begun(self, heard: Transcription) -> None:
        self._heard = heard


def _decoded(data: bytes, longest_s: float) -> Samples:
    damaged: list[str] = []
    samples = decode_stored(data, longest_s, damaged.append)
    if damaged:
        get_logger("gateway").warning(
            "a file is damaged; that is left out", pieces=len(damaged), first=damaged[0]
        )
    return samples


def _told(words: FileWords, length_s: float, *, asked: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "success": True,
        "text": words.text,
        "segments": [{**_place(each), "text": each.text} for each in words.segments],
        "duration_s": round(length_s, 3),
    }
    if words.missed:
        told["missed"] = [{**_place(each), "reason": each.reason} for each in words.missed]
    if asked:
        told["answer"] = words.answer
        if words.problem:
            told["answer_error"] = words.problem
    return told


def _place(segment: Segment) -> dict[str, float]:
    return {"start_s": round(segment.start_s, 3), "end_s": round(segment.end_s, 3)}
