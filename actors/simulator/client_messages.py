"""Takes the messages of a client after setup: media, signals, contents, tool responses."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.wire import decode_base64, mime_type_and_rate

from .errors import Refused, close_preset
from .listener import TurnInput
from .pictures import jpeg_size
from .setup import check_fields, function_declarations, known_fields
from .shapes import INVALID_ARGUMENT, as_objects, content_parts, content_text

if TYPE_CHECKING:
    from .dialogue import Dialogue

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 48_000


def realtime_input(dialogue: "Dialogue", content: dict[str, Any]) -> None:
    """Audio, video, text and activity signals; one message may carry several."""
    check_fields(content, known_fields()["realtimeInput"], "realtime_input", [])
    if "activityStart" in content:
        dialogue.activity(dialogue.listener.start())
    for chunk in as_objects(content.get("mediaChunks")):
        _media_chunk(dialogue, chunk)
    if "audio" in content:
        _audio(dialogue, content["audio"])
    if "video" in content:
        _picture(dialogue, content["video"])
    if "text" in content:
        _text(dialogue, content["text"])
    if content.get("audioStreamEnd"):
        for event in dialogue.listener.stream_end():
            dialogue.activity(event)
    if "activityEnd" in content:
        dialogue.activity(dialogue.listener.end())


def client_content(dialogue: "Dialogue", content: dict[str, Any]) -> None:
    """Turns for the context; a complete one is answered and interrupts."""
    check_fields(content, known_fields()["clientContent"], "client_content", [])
    session = dialogue.session
    for turn in as_objects(content.get("turns")):
        role = turn.get("role") or "user"
        if role not in ("user", "model"):
            raise Refused(1007, "Please use a valid role: user, model.")
        # The history of a resumed session is on the server: another one contradicts it.
        if role == "model" and dialogue.config.handle:
            raise Refused(1007, INVALID_ARGUMENT)
        for part in content_parts(turn):
            if "inlineData" in part:
                _picture(dialogue, part["inlineData"])
        if role == "user":
            session.open_texts.append(content_text(turn))
            continue
        _to_history(dialogue)
        dialogue.conversation.add("model", content_text(turn))
        dialogue.record.history.append({"role": "model", "text": content_text(turn)})
    if not content.get("turnComplete"):
        return
    if session.awaiting_history:
        session.awaiting_history = False
        _to_history(dialogue)
        return
    texts, session.open_texts = session.open_texts, []
    dialogue.record.texts.extend(texts)
    dialogue.begin_turn(TurnInput("text", texts))


def tool_response(dialogue: "Dialogue", content: dict[str, Any]) -> None:
    """Results of function calls."""
    check_fields(content, known_fields()["toolResponse"], "tool_response", [])
    for response in as_objects(content.get("functionResponses")):
        dialogue.tool_response(str(response.get("id")), response.get("response"))


def context_update(dialogue: "Dialogue", content: dict[str, Any]) -> None:
    """Another set of tools."""
    check_fields(content, known_fields()["contextUpdate"], "context_update", [])
    tools = content.get("tools")
    if tools is not None:
        declared = tools.get("tools") if isinstance(tools, dict) else tools
        dialogue.tools = function_declarations(declared, dialogue.config.family)


HANDLERS: dict[str, Callable[["Dialogue", dict[str, Any]], None]] = {
    "realtimeInput": realtime_input,
    "clientContent": client_content,
    "toolResponse": tool_response,
    "contextUpdate": context_update,
}


def _blob(blob: Any, field: str) -> tuple[bytes, str, int | None]:
    if not isinstance(blob, dict) or not isinstance(blob.get("data"), str):
        raise Refused(1007, INVALID_ARGUMENT)
    try:
        data = decode_base64(blob["data"])
    except ValueError as error:
        raise Refused(
            1007, f"Invalid value at '{field}.data' (TYPE_BYTES), Base64 decoding failed"
        ) from error
    kind, rate_hz = mime_type_and_rate(str(blob.get("mimeType") or ""))
    return data, kind, rate_hz


def _audio(dialogue: "Dialogue", blob: Any) -> None:
    pcm, kind, rate_hz = _blob(blob, "realtime_input.audio")
    if kind != "audio/pcm" or len(pcm) % 2:
        raise Refused(1007, INVALID_ARGUMENT)
    if rate_hz is None or not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        preset = close_preset("internal")
        raise Refused(preset.code, preset.reason)
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


def _picture(dialogue: "Dialogue", blob: Any) -> None:
    data, kind, _ = _blob(blob, "realtime_input.video")
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
    dialogue.add_picture()


def _media_chunk(dialogue: "Dialogue", blob: Any) -> None:
    _, kind, _ = _blob(blob, "realtime_input.media_chunks")
    if kind.startswith("image/"):
        _picture(dialogue, blob)
    elif dialogue.config.family.audio_in_media_chunks:
        _audio(dialogue, blob)
    else:
        dialogue.record.ignored_media_chunks += 1


def _text(dialogue: "Dialogue", text: Any) -> None:
    if not isinstance(text, str):
        raise Refused(1007, INVALID_ARGUMENT)
    dialogue.record.texts.append(text)
    turn = dialogue.listener.text(text)
    if turn is not None:
        dialogue.begin_turn(turn)


def _to_history(dialogue: "Dialogue") -> None:
    texts, dialogue.session.open_texts = dialogue.session.open_texts, []
    for text in texts:
        dialogue.conversation.add("user", text)
        dialogue.record.history.append({"role": "user", "text": text})
