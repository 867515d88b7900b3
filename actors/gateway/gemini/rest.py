"""The methods of the Gemini API over HTTP, at the paths of the service."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from actors.backends.gemini.wire import parse_json
from actors.backends.gemini.wire.http_error import HttpError, model_not_found
from actors.backends.gemini.wire.routes import STREAMED, HttpRoute, find_route
from actors.backends.gemini.wire.schema import VERSIONS
from actors.backends.gemini.wire.stream_form import StreamForm
from actors.gateway.access.access import Access, principal_of
from actors.gateway.errors import CompressedError, TooLargeError
from actors.gateway.gemini.asked_turn import parse_turn
from actors.gateway.gemini.auth_tokens import mint_token
from actors.gateway.gemini.content_responses import ContentResponses
from actors.gateway.gemini.content_service import ContentService
from actors.gateway.gemini.content_stream import ContentStream
from actors.gateway.gemini.errors import TOLD, error_response
from actors.gateway.gemini.model_list import model_entry, model_names, model_page, serves
from actors.gateway.gemini.token_count import count_tokens
from actors.gateway.website.body import Body
from actors.gateway.website.transcribe import GONE
from actors.outputs.metronome import WorkOf

METHODS = ["GET", "POST", "PATCH", "DELETE"]
MOST_BESIDE_BYTES = 2_000_000
"""Of a body beside what is inline: a history of 400,000 characters, in any script."""


def gemini_rest_routes(access: Access, work_of: WorkOf) -> APIRouter:
    """Return the routes that serve clients of the Gemini API over HTTP."""
    router = APIRouter(include_in_schema=False)
    methods = GeminiMethods(access, work_of)
    for version in VERSIONS:
        for path in (f"/{version}/{{path:path}}", f"/upload/{version}/{{path:path}}"):
            router.add_api_route(path, methods.serve, methods=METHODS, response_model=None)
    return router


class GeminiMethods:
    """Answers requests.

    Args:
        access: Who may come in.
        work_of: What is done in it is the work of a session, and fails for it alone.
    """

    def __init__(self, access: Access, work_of: WorkOf) -> None:
        self._access = access
        self._options = access.options
        self._work_of = work_of

    async def serve(self, request: Request) -> Response:
        """Answer one request, if need be with an error in the service's words."""
        route = find_route(request.method, request.url.path)
        form = StreamForm.asked(request.query_params) if route.method == STREAMED else None
        body = Body(request, self._options.limits.body_bytes_per_s)
        try:
            return await self._serve(route, request, body, form)
        except ClientDisconnect:
            return Response(status_code=GONE)
        except TOLD as error:
            if isinstance(error, (TooLargeError, CompressedError)):
                await body.discard()
            return error_response(error, in_list=form is StreamForm.ARRAY)

    async def _serve(
        self, route: HttpRoute, request: Request, body: Body, form: StreamForm | None
    ) -> Response:
        match route.method:
            case "authTokens.create":
                given = await self._json(body)
                who = principal_of(request)
                return JSONResponse(mint_token(given, who, self._access.issuer, route.version))
            case "models.list":
                return JSONResponse(model_page(self._options.models, request.query_params))
            case "models.get" if route.name in model_names(self._options.models):
                return JSONResponse(model_entry(route.name))
            case "generateContent" | "streamGenerateContent" | "countTokens" if serves(route.name):
                given = await self._json(body)
                if route.method == "countTokens":
                    counted = await asyncio.to_thread(count_tokens, given, route.version)
                    return JSONResponse(counted)
                return await self._content(route, request, given, form)
        raise _not_here(route)

    async def _content(
        self, route: HttpRoute, request: Request, given: Any, form: StreamForm | None
    ) -> Response:
        name, version = route.name, route.version
        asked = await asyncio.to_thread(parse_turn, given, name, version, self._options)
        responses = ContentResponses(asked, uuid.uuid4().hex, streamed=form is not None)
        service = ContentService(self._access.callers_of(request), self._options, self._work_of)
        return ContentStream(service.answer(asked), responses, form)

    async def _json(self, body: Body) -> Any:
        # Base64 takes four bytes for three.
        most = self._options.file_bytes * 4 // 3 + MOST_BESIDE_BYTES
        return await asyncio.to_thread(parse_json, await body.whole(most) or b"{}")


def _not_here(route: HttpRoute) -> HttpError:
    if not route.exists:
        return HttpError(404, "NOT_FOUND", "Requested entity was not found.")
    if "." in route.method and route.method != "models.get":
        message = "Operation is not implemented, or supported, or enabled."
        return HttpError(501, "UNIMPLEMENTED", f"{message} This gateway has no {route.method}.")
    return HttpError(404, "NOT_FOUND", model_not_found(route.name, route.version, route.method))
