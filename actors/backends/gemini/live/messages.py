"""What is sent to the Live API, message by message."""

from __future__ import annotations

import binascii
import os
from typing import TYPE_CHECKING

from actors.backends.gemini.live.capabilities import ModelFamily
from actors.backends.gemini.live.outbox import Outgoing
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import SendActivity, SendReply, SendText

if TYPE_CHECKING:
    from google.genai import types
    from google.genai.live import AsyncSession

AUDIO_TYPE = "audio/pcm;rate=16000"
"""The rate must be named: the service has closed sessions that left it out."""
BEFORE_DATA = b'{"realtime_input": {"audio": {"data": "'
AFTER_DATA = f'", "mime_type": "{AUDIO_TYPE}"}}}}}}'.encode()
URL_SAFE = bytes.maketrans(b"+/", b"-_")
FINAL_TEXT, MASKED, SHORT = 0x81, 0x80, 125
"""RFC 6455, 5.2: first byte of a text message in one frame; bit of the second byte; greatest length
that is told in that byte."""


async def send_control(session: AsyncSession, family: ModelFamily, outgoing: Outgoing) -> None:
    """Send what is neither sound nor picture. Raises what google-genai and websockets raise."""
    match outgoing:
        case SendActivity(Activity.STARTED):
            await session.send_realtime_input(activity_start={})
        case SendActivity(Activity.ENDED):
            await session.send_realtime_input(activity_end={})
        case SendActivity(Activity.PAUSED):
            await session.send_realtime_input(audio_stream_end=True)
        case SendText(text) if family.typed_text == "realtime_text":
            await session.send_realtime_input(text=text)
        case SendText(text):
            await session.send_client_content(turns=content("user", text))
        case SendReply(reply):
            await session.send_tool_response(
                function_responses={
                    "id": reply.wire_id,
                    "name": reply.name,
                    "response": reply.response,
                }
            )


def audio_message(pcm: bytes) -> bytes:
    """Return what `send_realtime_input(audio=...)` sends, to the byte.

    That goes through four models and dictionaries for each 20 ms block: 35 us instead of 3, and
    250 us with cold caches, a quarter of all the time there is from capture to socket.
    """
    data = binascii.b2a_base64(pcm, newline=False).translate(URL_SAFE)
    return b"".join((BEFORE_DATA, data, AFTER_DATA))


def text_frame(message: bytes) -> bytes:
    """Return a message, UTF-8, as a websocket's client sends it: one masked text frame.

    The library makes the same in twenty calls.
    """
    length, mask = len(message), os.urandom(4)
    if length <= SHORT:
        head = bytes((FINAL_TEXT, MASKED | length))
    elif length < 1 << 16:
        head = bytes((FINAL_TEXT, MASKED | 126)) + length.to_bytes(2)
    else:
        head = bytes((FINAL_TEXT, MASKED | 127)) + length.to_bytes(8)
    # A number as long as the message: exclusive-or is then one step for all of its bytes.
    pad = int.from_bytes((mask * (length // 4 + 1))[:length])
    return b"".join((head, mask, (int.from_bytes(message) ^ pad).to_bytes(length)))


def content(role: str, text: str) -> types.ContentDict:
    """Return what one side said."""
    return {"role": role, "parts": [{"text": text}]}
