"""One WebSocket of a Live client: its messages, in order."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from typing import Any

from actors.backends.gemini.wire import (
    INVALID_ARGUMENT,
    Invalid,
    camel_case,
    encode_message,
    invalid,
    parse_json,
    read,
    snake_case,
    unknown_name,
)
from actors.backends.gemini.wire.media import ASSUMED_RATE_HZ, blob_of
from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.access.message_meter import MessageKind
from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError
from actors.gateway.events import Problem
from actors.gateway.gemini.auth_tokens import locked_setup
from actors.gateway.gemini.codec import GeminiCodec, resumption
from actors.gateway.gemini.history import said_before
from actors.gateway.gemini.refusals import refuse_text
from actors.gateway.gemini.setup import parse_setup
from actors.gateway.link import ClientLink
from actors.gateway.options import GatewayOptions
from actors.gateway.pictures import PictureTaker
from actors.outputs.metronome import WorkOf
from pipeline.frames import Side

INVALID_HANDLE = "Invalid session handle"
MESSAGES = {
    "realtimeInput": "BidiGenerateContentRealtimeInput",
    "clientContent": "BidiGenerateContentClientContent",
    "toolResponse": "BidiGenerateContentToolResponse",
}
"""What comes after the setup, and what the wire calls it."""
CUE = " "
"""Typed by clients to have what they wrote before answered."""


class GeminiConversation:
    """What is said over one connection.

    Args:
        callers: Those of who is connected.
        link: The way back.
        codec: How the way back speaks.
        work_of: What is done in it is the work of a session, and fails for it alone.
        version: Of the API: `v1beta`, ...
        options: Of the gateway.
    """

    def __init__(
        self,
        callers: OwnCallers,
        link: ClientLink,
        codec: GeminiCodec,
        work_of: WorkOf,
        version: str,
        options: GatewayOptions,
    ) -> None:
        self._callers = callers
        self._link = link
        self._codec = codec
        self._work_of = work_of
        self._version = version
        self._options = options
        token = callers.principal.token
        self._locked = None if token is None else token.locked
        self._caller: Caller | None = None
        self._pictures = PictureTaker(work_of, lambda problem: link.tell(Problem(problem)))
        self._is_active = False
        self._written: list[str] = []
        """By `clientContent` that is not complete: goes with what is said in writing next."""

    def on_message(self, data: bytes) -> MessageKind | Awaitable[MessageKind]:
        """Take a message; return of which kind it was, if need be later.

        Raises:
            Invalid, CallerError: it cannot be had; the connection is to be closed for it.
        """
        message = parse_json(data)
        if not isinstance(message, dict) or len(message) != 1 or None in message.values():
            raise invalid(INVALID_ARGUMENT)
        name, given = next(iter(message.items()))
        kind = camel_case(name)
        caller = self._caller
        if kind == "setup" and caller is None:
            return self._set_up(locked_setup(given, self._locked))
        if kind == "setup" or caller is None:
            raise invalid(INVALID_ARGUMENT)
        if kind not in MESSAGES:
            raise Invalid([unknown_name(name, "")])
        taken = read(MESSAGES[kind], given, self._version, snake_case(kind))
        refused: list[Exception] = []
        with self._work_of(caller.session):
            try:
                self._take(caller, kind, taken)
            except (Invalid, CallerError) as error:
                refused.append(error)
        if refused:
            raise refused[0]
        return _kind_of(kind, taken)

    async def closed(self) -> None:
        """The connection is gone; the caller may come back."""
        await self._pictures.close()
        if self._caller is not None:
            self._callers.disconnect(self._caller, self._link)

    async def _set_up(self, given: Any) -> MessageKind:
        setup = parse_setup(given, self._version, self._options)
        if setup.handle is None:
            manner = setup.manner.model_copy(update={"session": uuid.uuid4().hex})
            caller = await self._callers.open(manner)
        else:
            try:
                caller = await self._callers.come_back(setup.handle)
            except AccessDeniedError:
                raise
            except CallerError:
                raise invalid(INVALID_HANDLE) from None
        self._caller = caller
        self._codec.setup, self._codec.session = setup, caller.session
        self._link.send(encode_message({"setupComplete": {}}))
        if setup.resumes:
            self._link.send(encode_message(resumption(caller.session)))
        self._is_active = not setup.marks_activity
        self._callers.connect(caller, self._link)
        return MessageKind.OTHER

    def _take(self, caller: Caller, kind: str, given: dict[str, Any]) -> None:
        match kind:
            case "realtimeInput":
                self._realtime_input(caller, given)
            case "clientContent":
                self._client_content(caller, given)
            case "toolResponse":
                for each in given.get("functionResponses", ()):
                    response = each.get("response", {})
                    failed = "error" in response
                    caller.answer_call(each.get("id", ""), response, failed=failed)

    def _realtime_input(self, caller: Caller, given: dict[str, Any]) -> None:
        marks = self._codec.setup is not None and self._codec.setup.marks_activity
        if ("activityStart" in given or "activityEnd" in given) and not marks:
            raise invalid(
                "Explicit activity control is not supported when automatic activity detection is "
                "enabled."
            )
        if "activityStart" in given:
            self._is_active = True
            caller.interrupt()
        for blob in given.get("mediaChunks", ()):
            self._blob(caller, blob, "realtime_input.media_chunks")
        for name in ("audio", "video"):
            if name in given:
                self._blob(caller, given[name], f"realtime_input.{name}")
        if "text" in given:
            self._type(caller, given["text"])
        if "activityEnd" in given:
            self._is_active = False
        if "activityEnd" in given or given.get("audioStreamEnd"):
            caller.ear.hush()

    def _client_content(self, caller: Caller, given: dict[str, Any]) -> None:
        for turn in given.get("turns", ()):
            parts = turn.get("parts", ())
            for part in parts:
                if "inlineData" in part:
                    self._blob(caller, part["inlineData"], "client_content.turns")
            if any("fileData" in part for part in parts):
                raise invalid(INVALID_ARGUMENT)
            for side, text in said_before([turn]):
                self._written.append(f"You said: {text}" if side is Side.MODEL else text)
        if given.get("turnComplete") and self._written:
            self._type(caller, CUE)

    def _type(self, caller: Caller, text: str) -> None:
        said = [*self._written, text.strip()]
        self._written = []
        whole = "\n".join(each for each in said if each)
        refuse_text(whole)
        if whole:
            caller.type(whole)

    def _blob(self, caller: Caller, blob: dict[str, Any], field: str) -> None:
        data, kind, rate_hz = blob_of(blob, field)
        if kind.startswith("image/"):
            self._pictures.show(caller, data)
        elif kind == "audio/pcm":
            if self._is_active:
                caller.ear.hear_pcm(data, rate_hz or ASSUMED_RATE_HZ)
        elif kind.startswith("audio/"):
            caller.ear.hear_file(data)
        else:
            raise invalid(INVALID_ARGUMENT)


def _kind_of(kind: str, given: dict[str, Any]) -> MessageKind:
    blobs = [*given.get("mediaChunks", ()), given.get("audio", {})]
    if "video" in given or any(each.get("mimeType", "").startswith("image/") for each in blobs):
        return MessageKind.PICTURE
    if any(blobs):
        return MessageKind.SOUND
    is_text = kind == "clientContent" or "text" in given
    return MessageKind.TEXT if is_text else MessageKind.OTHER
