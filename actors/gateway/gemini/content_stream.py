"""The answer to `generateContent` or `streamGenerateContent` on its way to the client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from actors.backends.gemini.wire.stream_form import StreamForm
from actors.gateway.gemini.content_responses import ContentResponses
from actors.gateway.gemini.content_turn import AnswerPiece
from actors.gateway.gemini.errors import TOLD, error_response, http_error
from actors.gateway.unless_gone import unless_gone


class ContentStream(Response):
    """Sends an answer; the session is let go of when the client goes away.

    Args:
        pieces: The answer.
        responses: Puts it into the words of the protocol.
        form: Of a stream; None: one response.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[AnswerPiece],
        responses: ContentResponses,
        form: StreamForm | None,
    ) -> None:
        super().__init__()
        self._pieces = pieces
        self._responses = responses
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with contextlib.suppress(ClientDisconnect, OSError):
            await unless_gone(receive, self._answer(scope, receive, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with contextlib.aclosing(self._pieces) as pieces:
            if self._form is None:
                await (await self._whole(pieces))(scope, receive, send)
            else:
                await self._stream(pieces, self._form, scope, receive, send)

    async def _whole(self, pieces: AsyncGenerator[AnswerPiece]) -> Response:
        try:
            async for piece in pieces:
                self._responses.piece(piece)
                if self._responses.is_full:
                    break
        except TOLD as error:
            return error_response(error)
        return JSONResponse(self._responses.whole())

    async def _stream(
        self,
        pieces: AsyncGenerator[AnswerPiece],
        form: StreamForm,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        begun = False
        try:
            async for piece in pieces:
                response = self._responses.piece(piece)
                if response is not None:
                    await self._send(send, form.piece(response, first=not begun), begun=begun)
                    begun = True
                if self._responses.is_full:
                    break
            last = self._responses.end()
        except TOLD as error:
            if not begun:
                whole = error_response(error, in_list=form is StreamForm.ARRAY)
                await whole(scope, receive, send)
                return
            last = http_error(error).body()
        await self._send(send, form.piece(last, first=not begun), begun=begun)
        end = form.end(empty=False)
        await send({"type": "http.response.body", "body": end, "more_body": False})

    async def _send(self, send: Send, data: bytes, *, begun: bool) -> None:
        if not begun:
            assert self._form is not None
            headers = [(b"content-type", self._form.value.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data, "more_body": True})
