"""What a website's client sends: over REST, and over the WebSocket."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
)

from pipeline.frames.media import GREATEST_POSITION
from pipeline.frames.sessions import RecordingConsent
from pipeline.sessions.refusal import MOST_NAME_CHARACTERS

MOST_TEXT_CHARACTERS = 20_000
"""Of one typed turn: ten pages."""
MOST_PLAYED_MS = 1e9
"""Of one connection: eleven days, which is more than any lasts."""


RECORD = {
    "audio": RecordingConsent.ALL,
    "transcripts": RecordingConsent.TEXT,
    "none": RecordingConsent.NOTHING,
}
"""As clients say it; the pipeline's own words are taken too."""


def _consent(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if given not in RECORD and given not in set(RecordingConsent):
        raise ValueError(f"{given!r} is none of {', '.join(map(repr, RECORD))}")
    return RECORD.get(given, given)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("there is nothing in it but blanks")
    return text


Record = Annotated[RecordingConsent, BeforeValidator(_consent)]


class _Request(BaseModel):
    # Clients send fields of their own, and mean no harm.
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class SessionRequest(_Request):
    """How a conversation is to be; what is left out is as the gateway's config says."""

    session_id: str | None = Field(
        None,
        min_length=1,
        max_length=MOST_NAME_CHARACTERS,
        description="A name of your own for it, or that of an open one to come back to; made up "
        "if left out.",
    )
    model: str | None = Field(
        None, description="Name of a Live model; one that is retired stands for the usual one."
    )
    voice: str | None = Field(None, description="Name of the voice that answers.")
    language: str | None = Field(None, description="BCP-47 code, such as `de-DE`.")
    system_instruction: str | None = Field(
        None,
        validation_alias=AliasChoices(
            "system_instruction", "systemInstruction", "instruction", "system_prompt"
        ),
        description="What the model is to be and to do.",
    )
    temperature: float | None = Field(None, ge=0, le=2)
    functions: list[dict[str, Any]] = Field(
        [], description="Declarations of functions that your client answers."
    )
    speaks_first: bool = Field(False, description="The model begins.")
    lasts_s: float | None = Field(
        None, gt=0, description="How long it may last; at most as the gateway's config says."
    )
    record: Record | None = Field(
        None,
        description="What of it may be kept and recorded: `audio` (everything), `transcripts` "
        "(words only), `none` (no words); left out, as the gateway's config says.",
    )
    labels: dict[str, str] = Field(
        {}, description="In every log line of the conversation: `interview_type`, ..."
    )


class EndRequest(_Request):
    """Which conversation is to end."""

    session_id: str


class SoundOffer(_Request):
    """What a client that counts its sound can send again: samples at 16 kHz, since it began."""

    begin: int = Field(
        0, ge=0, le=GREATEST_POSITION, alias="from", description="The oldest that it still has."
    )
    next: int = Field(
        0, ge=0, le=GREATEST_POSITION, description="The next that it has not sent yet."
    )
    position: int = Field(
        0,
        ge=0,
        le=GREATEST_POSITION,
        description="Where `from` is on the time line, by the newest `sound_done`.",
    )


class StartSession(SessionRequest):
    """Begin a conversation over this socket, or come back to one."""

    type: Literal["start_session"]
    sound: SoundOffer | None = Field(
        None,
        description="The client counts its sound, and comes back by itself, also to another room.",
    )


class AudioChunk(_Request):
    """A piece of the caller's sound."""

    type: Literal["audio_chunk", "audio"]
    data: str = Field(
        validation_alias=AliasChoices("data", "audio", "chunk", "audio_data", "payload"),
        description="Base64; a `data:` URL is taken too.",
    )
    format: str | None = Field(
        None,
        validation_alias=AliasChoices("format", "mime_type", "mimeType"),
        description="`pcm`, `mulaw`, `wav`, `webm`, ... or a MIME type such as "
        "`audio/pcm;rate=16000`; left out, what the bytes look like.",
    )
    sample_rate: int = Field(
        16_000,
        validation_alias=AliasChoices("sample_rate", "sampleRate", "rate_hz"),
        description="Of `pcm`, in Hz.",
    )
    channels: int = Field(1, description="Of `pcm`.")


class AudioEnd(_Request):
    """The piece of sound before was the last one of its file; the caller is silent now."""

    type: Literal["audio_end", "end_of_audio"]


class TextMessage(_Request):
    """Something typed."""

    type: Literal["text", "text_message"]
    text: Annotated[str, AfterValidator(_not_blank)] = Field(
        validation_alias=AliasChoices("text", "content", "message"),
        min_length=1,
        max_length=MOST_TEXT_CHARACTERS,
    )


class ImageMessage(_Request):
    """A picture of the caller's camera or screen."""

    type: Literal["image", "video_frame"]
    data: str = Field(
        validation_alias=AliasChoices("data", "image", "frame"),
        description="Base64 of JPEG, PNG or WebP; a `data:` URL is taken too.",
    )


class FunctionResult(_Request):
    """What a function returned that `function_call` asked for."""

    type: Literal["function_result"]
    call_id: str
    response: dict[str, Any] = Field({}, description="For the model.")
    error: str = Field("", description="Why it failed, if it did.")


class PlayedReport(_Request):
    """How much of the sound that came over this connection was played."""

    type: Literal["played"]
    ms: float = Field(
        ge=0,
        le=MOST_PLAYED_MS,
        description="Since `session_started`; what was thrown away may be counted.",
    )


class Ping(_Request):
    """Wants a `pong`."""

    type: Literal["ping"]


class EndSession(_Request):
    """The conversation is to end."""

    type: Literal["end_session"]
    session_id: str | None = None


Request = (
    StartSession
    | AudioChunk
    | AudioEnd
    | TextMessage
    | ImageMessage
    | FunctionResult
    | PlayedReport
    | Ping
    | EndSession
)
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
"""Reads a message of the WebSocket."""
