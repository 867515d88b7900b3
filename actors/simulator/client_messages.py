"""Takes the messages of a client after setup: media, signals, contents, tool responses.

All of them have been read by the wire's own reader: what is here is of the right type.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.wire import INVALID_ARGUMENT, mime_type_and_rate
from actors.backends.gemini.wire.http_error import HttpError
from actors.backends.gemini.wire.media import ASSUMED_RATE_HZ, blob_of, is_sound
from actors.lib.picture_size import jpeg_size
from actors.simulator.errors import Refused, refused
from actors.simulator.grounding import may_search
from actors.simulator.listener import TurnInput
from actors.simulator.realtime_config import TurnCoverage
from actors.simulator.setup import declared_functions
from actors.simulator.shapes import content_text

if TYPE_CHECKING:
    from actors.simulator.dialogue import Dialogue

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 48_000

Content = dict[str, Any]


def realtime_input(dialogue: "Dialogue", content: Content) -> None:
    """Audio, video, text and activity signals; one message may carry several."""
    if "activityStart" in content:
        dialogue.activity(dialogue.listener.start())
    for chunk in content.get("mediaChunks", ()):
        _media_chunk(dialogue, chunk)
    if "audio" in content:
        _audio(dialogue, content["audio"], "realtime_input.audio")
    if "video" in content:
        _frame(dialogue, content["video"], "realtime_input.video")
    if "text" in content:
        _text(dialogue, content["text"])
    if content.get("audioStreamEnd"):
        for event in dialogue.listener.stream_end():
            dialogue.activity(event)
    if "activityEnd" in content:
        dialogue.activity(dialogue.listener.end())


def client_content(dialogue: "Dialogue", content: Content) -> None:
    """Turns for the history, to which they are added at once; a complete one is answered."""
    record = dialogue.record
    added: list[dict[str, str]] = []
    for at, turn in enumerate(content.get("turns", ())):
        role = turn.get("role") or "user"
        if role not in ("user", "model"):
            raise Refused(1007, "Please use a valid role: user, model.")
        # The history of a resumed session is on the server: another one contradicts it.
        if role == "model" and dialogue.config.handle:
            raise Refused(1007, INVALID_ARGUMENT)
        for number, part in enumerate(turn.get("parts", ())):
            if "inlineData" in part:
                field = f"client_content.turns[{at}].parts[{number}].inline_data"
                _inline(dialogue, part["inlineData"], field, role)
            elif "fileData" in part:
                _uploaded(dialogue, part["fileData"], role)
        text = content_text(turn)
        dialogue.context.append("model" if role == "model" else "user", text)
        added.append({"role": role, "text": text})
    if not content.get("turnComplete") or dialogue.awaiting_history:
        record.history += added
        dialogue.awaiting_history &= not content.get("turnComplete", False)
        return
    asked = len(added)
    while asked and added[asked - 1]["role"] == "user":
        asked -= 1
    record.history += added[:asked]
    record.texts += [turn["text"] for turn in added[asked:]]
    dialogue.begin_turn(TurnInput("text", asked=dialogue.context.open_entries))


def tool_response(dialogue: "Dialogue", content: Content) -> None:
    """Results of function calls."""
    for response in content.get("functionResponses", ()):
        dialogue.tool_response(response)


def context_update(dialogue: "Dialogue", content: Content) -> None:
    """Another set of tools."""
    if "tools" in content:
        dialogue.tools = declared_functions(content["tools"], dialogue.config.family)
        dialogue.searches = may_search(content["tools"])


Handler = Callable[["Dialogue", Content], None]
# By the name of the field, the message to read and who takes it.
HANDLERS: dict[str, tuple[str, Handler]] = {
    "realtimeInput": ("BidiGenerateContentRealtimeInput", realtime_input),
    "clientContent": ("BidiGenerateContentClientContent", client_content),
    "toolResponse": ("BidiGenerateContentToolResponse", tool_response),
    "contextUpdate": ("BidiGenerateContentContextUpdate", context_update),
}


def _inline(dialogue: "Dialogue", blob: Content, field: str, role: str) -> None:
    """Sound or a picture within a content."""
    if not is_sound(mime_type_and_rate(blob.get("mimeType", ""))[0]):
        dialogue.context.add_picture(*_picture(dialogue, blob, field))
        return
    data, kind, rate_hz = blob_of(blob, field)
    if role == "user":
        raw = kind == "audio/pcm" and rate_hz is None
        named = f"audio/pcm;rate={ASSUMED_RATE_HZ}" if raw else blob.get("mimeType", "")
        dialogue.context.add_sound(data, named)


def _uploaded(dialogue: "Dialogue", given: Content, role: str) -> None:
    """Sound or a picture that was uploaded before."""
    try:
        data, mime_type = dialogue.services.files.named(given)
    except HttpError as error:
        raise Refused(1007, error.message) from error
    kind = mime_type_and_rate(mime_type)[0]
    if not is_sound(kind):
        dialogue.context.add_picture(*_size(dialogue, data, kind))
    elif role == "user":
        dialogue.context.add_sound(data, mime_type)


def _audio(dialogue: "Dialogue", blob: Content, field: str) -> None:
    pcm, kind, rate_hz = blob_of(blob, field)
    if kind != "audio/pcm" or len(pcm) % 2:
        raise Refused(1007, INVALID_ARGUMENT)
    if rate_hz is None and "rate" not in blob.get("mimeType", "").lower():
        rate_hz = ASSUMED_RATE_HZ
    if rate_hz is None or not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise refused("internal")
    record = dialogue.record
    duration_ms = len(pcm) / 2 / rate_hz * 1000
    record.audio_messages += 1
    record.audio_ms += duration_ms
    dialogue.services.journal.arrivals.append((time.monotonic_ns(), len(pcm)))
    for event in dialogue.listener.audio(pcm, rate_hz):
        dialogue.activity(event)
    if not dialogue.listener.active:
        record.audio_outside_activity_ms += duration_ms
    dialogue.spoken()


def _frame(dialogue: "Dialogue", blob: Content, field: str) -> None:
    """A picture of a camera: whether it belongs to a turn, its coverage says."""
    width, height = _picture(dialogue, blob, field)
    covered = dialogue.config.realtime.coverage is not TurnCoverage.NOTHING
    if covered or dialogue.listener.active:
        dialogue.context.add_picture(width, height)
    else:
        dialogue.record.pictures_outside_activity += 1


def _picture(dialogue: "Dialogue", blob: Content, field: str) -> tuple[int, int]:
    data, kind, _ = blob_of(blob, field)
    return _size(dialogue, data, kind)


def _size(dialogue: "Dialogue", data: bytes, kind: str) -> tuple[int, int]:
    width, height = 0, 0
    if kind == "image/jpeg":
        try:
            width, height = jpeg_size(data)
        except ValueError as error:
            raise Refused(1007, INVALID_ARGUMENT) from error
    elif kind not in IMAGE_TYPES:
        raise Refused(1007, INVALID_ARGUMENT)
    journal = dialogue.services.journal
    dialogue.record.video.count(len(data), width, height, journal.now_s())
    return width, height


def _media_chunk(dialogue: "Dialogue", blob: Content) -> None:
    field = "realtime_input.media_chunks"
    if mime_type_and_rate(blob.get("mimeType", ""))[0].startswith("image/"):
        _frame(dialogue, blob, field)
    elif dialogue.config.family.audio_in_media_chunks:
        _audio(dialogue, blob, field)
    else:
        blob_of(blob, field)
        dialogue.record.ignored_media_chunks += 1


def _text(dialogue: "Dialogue", text: str) -> None:
    dialogue.record.texts.append(text)
    turn = dialogue.listener.text(text)
    if turn is not None:
        dialogue.begin_turn(turn)
