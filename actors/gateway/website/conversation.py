"""One WebSocket of a website's client: its messages, in order."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from actors.gateway.access.denial import ELSEWHERE, AccessDeniedError
from actors.gateway.access.message_meter import MessageKind
from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError, UnreadableSoundError, explained
from actors.gateway.events import Problem
from actors.gateway.link import ClientLink
from actors.gateway.pictures import PictureTaker
from actors.gateway.website.chunk_sound import hear_named
from actors.gateway.website.manner import Manners
from actors.gateway.website.requests import (
    REQUEST,
    AudioChunk,
    AudioEnd,
    EndSession,
    FunctionResult,
    ImageMessage,
    Ping,
    PlayedReport,
    Request,
    StartSession,
    TextMessage,
)
from actors.outputs.metronome import WorkOf
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import SessionEnd

DATA_URL = re.compile(r"\s*data:([^,]*?)(?:;base64)?,", re.IGNORECASE)
KINDS = {
    AudioChunk: MessageKind.SOUND,
    AudioEnd: MessageKind.SOUND,
    ImageMessage: MessageKind.PICTURE,
    TextMessage: MessageKind.TEXT,
}


class WebsiteConversation:
    """What is said over one connection.

    Args:
        callers: Those of who is connected.
        manners: How sessions are opened.
        link: The way back.
        work_of: What is done in it is the work of a session, and fails for it alone.
    """

    def __init__(
        self,
        callers: OwnCallers,
        manners: Manners,
        link: ClientLink,
        work_of: WorkOf,
    ) -> None:
        self._callers = callers
        self._manners = manners
        self._link = link
        self._work_of = work_of
        self._caller: Caller | None = None
        self._pictures = PictureTaker(work_of, self._say)

    def on_text(self, text: str) -> MessageKind | Awaitable[MessageKind]:
        """Take a message in JSON; return of which kind it was, if need be later."""
        try:
            request = REQUEST.validate_json(text)
        except ValidationError as problem:
            self._say(explained(problem.errors()))
            return MessageKind.OTHER
        if isinstance(request, StartSession):
            return self._start(request)
        try:
            self._carry_out(request)
        except CallerError as problem:
            self._refuse(problem)
        return KINDS.get(type(request), MessageKind.OTHER)

    def on_bytes(self, data: bytes) -> MessageKind:
        """Take a binary message: the next piece of a sound file, or samples at 16 kHz."""
        try:
            caller = self._present()
            self._work_for(caller, lambda: self._hear(caller, data))
        except CallerError as problem:
            self._refuse(problem)
        return MessageKind.SOUND

    async def closed(self) -> None:
        """The connection is gone; the caller may come back."""
        await self._pictures.close()
        if self._caller is not None:
            self._callers.disconnect(self._caller, self._link)

    def _carry_out(self, request: Request) -> None:
        if isinstance(request, Ping):
            self._link.send('{"type": "pong"}')
            if self._caller is not None:
                self._caller.tell_done()
            return
        caller = self._present()
        self._work_for(caller, lambda: self._take(caller, request))

    def _take(self, caller: Caller, request: Request) -> None:
        match request:
            case AudioChunk():
                self._hear_chunk(caller, request)
            case AudioEnd():
                caller.ear.end_file()
            case TextMessage():
                caller.type(request.text)
            case ImageMessage():
                self._pictures.show(caller, unpacked(request.data)[0])
            case FunctionResult():
                response = {"error": request.error} if request.error else request.response
                failed = bool(request.error)
                if not caller.answer_call(request.call_id, response, failed=failed):
                    self._say(f"no call {request.call_id!r} waits for a result")
            case PlayedReport():
                caller.played(self._link, round(request.ms * RATE_HZ / 1000))
            case EndSession():
                if request.session_id not in (None, caller.session):
                    raise CallerError(
                        f"the session on this connection is {caller.session!r}, not "
                        f"{request.session_id!r}: leave `session_id` out to end it"
                    )
                self._callers.end(caller.session, SessionEnd.HUNG_UP, "the caller ended it")

    def _work_for(self, caller: Caller, work: Callable[[], None]) -> None:
        """What is our fault in it ends the session, what is the client's is told."""
        with self._work_of(caller.session):
            try:
                work()
            except CallerError as problem:
                self._say(str(problem))

    async def _start(self, request: StartSession) -> MessageKind:
        try:
            await self._begin(request)
        except CallerError as problem:
            self._refuse(problem)
            if isinstance(problem, AccessDeniedError) and problem.denial in ELSEWHERE:
                # Over another connection there may be a place.
                raise
        return MessageKind.OTHER

    async def _begin(self, request: StartSession) -> None:
        if self._caller is not None and self._caller.is_there:
            self._say(f"this connection has a session already: {self._caller.session}")
            return
        session = request.session_id or uuid.uuid4().hex
        is_here = self._callers.find(session) is not None
        manner = self._manners.of(session, request)
        caller = await self._callers.open(manner)
        self._caller = caller
        resumed = is_here or caller.manner.taken_up > 0
        offer, sound = request.sound, None
        if offer is not None:
            sound = caller.sound.count(offer.begin, offer.next, offer.position)
        self._link.send(self._manners.started(caller, resumed=resumed, sound=sound))
        self._callers.connect(caller, self._link)

    def _present(self) -> Caller:
        caller = self._caller
        if caller is None:
            raise CallerError("there is no session on this connection: send start_session first")
        if not caller.is_there:
            # Raises why not.
            self._callers.get(caller.session)
        return caller

    def _hear_chunk(self, caller: Caller, chunk: AudioChunk) -> None:
        data, kind = unpacked(chunk.data)
        form = chunk.format or kind
        if form:
            hear_named(caller.ear, data, form, chunk)
        else:
            self._hear(caller, data)

    def _hear(self, caller: Caller, data: bytes) -> None:
        """What the bytes look like decides; what looks like nothing is samples."""
        if caller.ear.takes_file(data):
            caller.ear.hear_file(data)
        else:
            caller.ear.hear_pcm(data)

    def _say(self, problem: str) -> None:
        self._link.tell(Problem(problem))

    def _refuse(self, problem: CallerError) -> None:
        if isinstance(problem, AccessDeniedError):
            self._link.tell(Problem(str(problem), problem.denial.value, problem.retry_after_s))
        else:
            self._say(str(problem))


def unpacked(text: str) -> tuple[bytes, str]:
    """Return base64 as bytes, and the MIME type that came with it.

    Raises:
        UnreadableSoundError: it is no base64.
    """
    url = DATA_URL.match(text)
    kind = url.group(1) if url else ""
    body = text[url.end() :] if url else text
    try:
        # Lines, the alphabet of URLs and missing padding are common, and harmless.
        body = "".join(body.split()).replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True), kind
    except (binascii.Error, ValueError):
        raise UnreadableSoundError("`data` is no base64") from None
