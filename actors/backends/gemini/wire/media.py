"""Sound, pictures and documents that come within a message."""

import io
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actors.backends.gemini.wire.encoding import decode_base64, mime_type_and_rate
from actors.backends.gemini.wire.invalid import INVALID_ARGUMENT, Invalid, invalid, invalid_value
from actors.backends.gemini.wire.tokens import IMAGE_TOKENS, audio_tokens, text_tokens
from actors.lib.audio.container_sound import SOUND_FORMATS, container_sound
from actors.lib.audio.plain_wav import find_samples
from actors.lib.picture_size import jpeg_size, picture_size

# The formats that the documentation lists, and the names by which people send them.
WAV_TYPES = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})
RAW_TYPES = frozenset({"audio/pcm", "audio/l16"})
AUDIO_TYPES = re.compile(
    r"audio/(mp3|mpeg|mpga|mp4|m4a|x-m4a|aac|x-aac|ogg|opus|flac|x-flac|aiff|x-aiff|webm|amr)"
)
IMAGE_TYPES = re.compile(r"image/(jpeg|jpg|png|webp|heic|heif|avif)")
# FFmpeg has no reader for these everywhere: they count as a picture whose size is not known.
UNREAD_IMAGES = frozenset({"image/heic", "image/heif", "image/avif"})
VIDEO_TYPES = re.compile(r"video/(mp4|mpeg|mov|quicktime|avi|x-flv|mpg|webm|wmv|3gpp)")
TEXT_TYPES = re.compile(r"text/[a-z.+-]+|application/(json|xml|x-javascript|x-python|rtf)")
PDF = "application/pdf"
# Published: a video is looked at once a second.
VIDEO_TOKENS_PER_S = IMAGE_TOKENS
# Rate to which compressed sound is brought: that of the recogniser.
RATE_HZ = 16_000
# Documented: of Live sound without a rate; Google's own examples send it so.
ASSUMED_RATE_HZ = 16_000
# What sound cards make; anything else is a damaged header.
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 192_000
BAD_PICTURE = "Unable to process input image. Please retry or report in the help center."
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b")


@dataclass(frozen=True)
class Attachment:
    """What came inline. Sound is PCM16 mono; sizes are in pixels, 0 where they are not known."""

    kind: str
    tokens: Counter[str] = field(default_factory=Counter)
    pcm: bytes = b""
    rate_hz: int = RATE_HZ
    width: int = 0
    height: int = 0

    @property
    def seconds(self) -> float:
        """How long the sound is."""
        return len(self.pcm) / 2 / self.rate_hz


def is_sound(kind: str) -> bool:
    """Whether a MIME type is one of those that the service takes for sound."""
    return kind in WAV_TYPES or kind in RAW_TYPES or AUDIO_TYPES.fullmatch(kind) is not None


def data_of(blob: dict[str, Any]) -> tuple[bytes, str]:
    """Content and MIME type of an `inlineData`. Raises Invalid."""
    try:
        return decode_base64(blob.get("data") or ""), str(blob.get("mimeType") or "")
    except ValueError:
        raise invalid(INVALID_ARGUMENT) from None


def blob_of(blob: dict[str, Any], field: str) -> tuple[bytes, str, int | None]:
    """Content, MIME type and rate of a blob of a Live session. Raises Invalid."""
    try:
        data = decode_base64(blob.get("data", ""))
    except ValueError as error:
        why = invalid_value(f"{field}.data", "TYPE_BYTES", "Base64 decoding failed")
        raise Invalid([why]) from error
    return data, *mime_type_and_rate(blob.get("mimeType", ""))


def read_blob(blob: dict[str, Any]) -> Attachment:
    """Reads an `inlineData` as `read_data` does. Raises Invalid."""
    return read_data(*data_of(blob))


def read_data(data: bytes, mime_type: str) -> Attachment:
    """Reads what came; decoding takes a while: not for an event loop. Raises Invalid."""
    kind, rate_hz = mime_type_and_rate(mime_type)
    if IMAGE_TYPES.fullmatch(kind):
        return _picture(data, kind)
    if kind in RAW_TYPES and rate_hz:
        return _sound(data[: len(data) // 2 * 2], rate_hz)
    if kind in WAV_TYPES or AUDIO_TYPES.fullmatch(kind):
        plain = _plain_wav(data) if kind in WAV_TYPES else None
        return plain or _sound(_decoded(data), RATE_HZ)
    if VIDEO_TYPES.fullmatch(kind):
        return _video(data)
    if kind == PDF:
        pages = max(1, len(_PDF_PAGE.findall(data)))
        return Attachment("document", Counter(DOCUMENT=pages * IMAGE_TOKENS))
    if TEXT_TYPES.fullmatch(kind):
        return Attachment("document", Counter(TEXT=text_tokens(data.decode(errors="replace"))))
    raise invalid(f"Unsupported MIME type: {kind}")


def _sound(pcm: bytes, rate_hz: int) -> Attachment:
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise invalid(INVALID_ARGUMENT)
    seconds = len(pcm) / 2 / rate_hz
    return Attachment("audio", Counter(AUDIO=audio_tokens(seconds)), pcm, rate_hz)


def _picture(data: bytes, kind: str) -> Attachment:
    width = height = 0
    if kind in ("image/jpeg", "image/jpg"):
        try:
            width, height = jpeg_size(data)
        except ValueError:
            raise invalid(BAD_PICTURE) from None
    elif kind not in UNREAD_IMAGES:
        # From the header: nothing is decoded, of which a few kilobytes can be gigabytes.
        width, height = picture_size(data) or (0, 0)
        if not (width and height):
            raise invalid(BAD_PICTURE)
    return Attachment("image", Counter(IMAGE=IMAGE_TOKENS), width=width, height=height)


def _plain_wav(data: bytes) -> Attachment | None:
    found = find_samples(io.BytesIO(data), len(data))
    if found is None:
        return None
    samples = np.frombuffer(data, "<i2", found.samples * found.channels, found.begin)
    mono = samples.reshape(-1, found.channels).mean(axis=1)
    return _sound(mono.astype("<i2").tobytes(), found.rate_hz)


def _decoded(data: bytes) -> bytes:
    """Any sound that FFmpeg reads, as PCM16 mono at RATE_HZ; damage within it is left out."""
    import av
    from av.error import FFmpegError

    damage: list[str] = []
    try:
        options = {"format_whitelist": SOUND_FORMATS}
        with av.open(io.BytesIO(data), "r", options=options, metadata_errors="ignore") as container:
            stream = container.streams.best("audio")
            if stream is None or stream.codec_context is None:
                raise invalid(INVALID_ARGUMENT)
            pieces = list(container_sound(container, stream, RATE_HZ, damage.append))
    except FFmpegError:
        raise invalid(INVALID_ARGUMENT) from None
    sound = b"".join(piece.tobytes() for piece in pieces)
    if damage and not sound:
        raise invalid(INVALID_ARGUMENT)
    return sound


def _video(data: bytes) -> Attachment:
    import av
    from av.error import FFmpegError

    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="ignore") as container:
            seconds = (container.duration or 0) / av.time_base
            has_sound = bool(container.streams.audio)
            stream = container.streams.video[0] if container.streams.video else None
            size = (stream.width, stream.height) if stream else (0, 0)
    except FFmpegError:
        raise invalid(INVALID_ARGUMENT) from None
    tokens = Counter(VIDEO=max(1, round(seconds)) * VIDEO_TOKENS_PER_S)
    pcm = _decoded(data) if has_sound else b""
    tokens["AUDIO"] = audio_tokens(len(pcm) / 2 / RATE_HZ)
    return Attachment("video", tokens, pcm, RATE_HZ, *size)
