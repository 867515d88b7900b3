"""A sound file in the body of a request, in whatever way it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from actors.gateway.errors import CallerError, TooLargeError, UnreadableSoundError, explained
from actors.gateway.website.body import Body
from actors.gateway.website.conversation import unpacked
from actors.gateway.website.requests import MOST_TEXT_CHARACTERS

MOST_BESIDE_BYTES = 100_000
"""Of a body beside the file: names, a question of ten pages."""
FILE_FIELDS = ("file", "audio", "data")


class UploadRequest(BaseModel):
    """A sound file as JSON."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    audio: str = Field(
        validation_alias=AliasChoices("audio", "data", "file", "audio_data"),
        description="Base64 of the file; a `data:` URL is taken too.",
    )
    question: str = Field(
        "", max_length=MOST_TEXT_CHARACTERS, description="About the file, to be answered."
    )
    language: str | None = Field(None, description="BCP-47 code of what is spoken, if known.")


@dataclass(frozen=True)
class Upload:
    """A sound file that came, and what is wanted of it."""

    data: bytes
    question: str = ""
    language: str | None = None


class InMemoryParser(MultiPartParser):
    """Keeps files in memory, as they are bounded: no disk can be full."""

    spool_max_size = 1 << 40


async def read_upload(request: Request, body: Body, most_bytes: int) -> Upload:
    """Read a file from a form, from JSON, or as the whole body.

    Raises:
        TooLargeError: it has more than `most_bytes`.
        SlowRequestError: the rest of it does not come.
        CallerError: there is none.
    """
    try:
        upload = await _read(request, body, most_bytes)
    except TooLargeError:
        raise _too_large(most_bytes) from None
    if not upload.data:
        raise UnreadableSoundError("the file is empty")
    if len(upload.data) > most_bytes:
        raise _too_large(most_bytes)
    return upload


async def _read(request: Request, body: Body, most_bytes: int) -> Upload:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _from_form(request, body.pieces(most_bytes + MOST_BESIDE_BYTES))
    if kind == "application/json":
        # Base64 takes four bytes for three.
        text = await body.whole(most_bytes * 4 // 3 + MOST_BESIDE_BYTES)
        return await asyncio.to_thread(_from_json, text)
    query = request.query_params
    data = await body.whole(most_bytes)
    return Upload(data, query.get("question", ""), query.get("language"))


def _too_large(most_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"the file is larger than {most_bytes / 1e6:g} MB: compress it, or send it in parts"
    )


async def _from_form(request: Request, pieces: AsyncGenerator[bytes]) -> Upload:
    parser = InMemoryParser(request.headers, pieces, max_files=2, max_fields=20)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        detail = getattr(error, "message", "it has no boundary")
        raise CallerError(f"the form cannot be read: {detail}") from error
    try:
        files = [form[name] for name in FILE_FIELDS if name in form]
        file = next(iter(files), None)
        if isinstance(file, UploadFile):
            data = await file.read()
        elif isinstance(file, str):
            data = unpacked(file)[0]
        else:
            raise CallerError("the form has no file: send it as the field `file` or `audio`")
        question, language = form.get("question"), form.get("language")
        return Upload(
            data,
            question if isinstance(question, str) else "",
            language if isinstance(language, str) else None,
        )
    finally:
        await form.close()


def _from_json(body: bytes) -> Upload:
    try:
        asked = UploadRequest.model_validate_json(body)
    except ValidationError as problem:
        raise CallerError(explained(problem.errors())) from None
    return Upload(unpacked(asked.audio)[0], asked.question, asked.language)
