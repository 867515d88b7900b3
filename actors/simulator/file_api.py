"""files.upload (resumable), files.get, files.list and files.delete."""

import asyncio
import re
from typing import Any

from actors.backends.gemini.wire.routes import HttpRoute
from actors.simulator.errors import http_preset
from actors.simulator.files import FileStore
from actors.simulator.http_messages import MAX_BODY_BYTES, HttpRequest, Responder

NUMBER = re.compile(r"[0-9]{1,12}")
# Documented default and maximum of files.list.
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 10, 100


async def answer(
    store: FileStore, route: HttpRoute, request: HttpRequest, responder: Responder
) -> None:
    """Answers one request. Raises Invalid or HttpError."""
    base_url = f"https://{request.headers.get('host', '')}"
    match route.method:
        case "files.upload":
            await _upload(store, request, responder, base_url)
        case "files.get":
            file = store.get(route.name)
            responder.send_json(200, await asyncio.to_thread(file.to_json, base_url))
        case "files.delete":
            store.delete(route.name)
            responder.send_json(200, {})
        case _:
            page = await asyncio.to_thread(_page, store, request, base_url)
            responder.send_json(200, page)


async def _upload(
    store: FileStore, request: HttpRequest, responder: Responder, base_url: str
) -> None:
    commands = request.headers.get("x-goog-upload-command", "").replace(" ", "").split(",")
    if commands == ["start"]:
        given = request.json()
        if not isinstance(given, dict) or not isinstance(given.get("file", {}), dict):
            raise http_preset("invalid_argument")
        mime_type = request.headers.get("x-goog-upload-header-content-type", "")
        file = given.get("file", {})
        mime_type = str(file.get("mimeType") or file.get("mime_type") or mime_type)
        upload = store.begin(mime_type, file)
        address = f"{base_url}/upload/v1beta/files?upload_id={upload}&upload_protocol=resumable"
        headers = {"X-Goog-Upload-URL": address, "X-Goog-Upload-Status": "active"}
        responder.send_json(200, {}, headers)
        return
    offset = request.headers.get("x-goog-upload-offset", "0")
    if "upload" not in commands or not NUMBER.fullmatch(offset) or request.size > MAX_BODY_BYTES:
        raise http_preset("invalid_argument")
    final = "finalize" in commands
    added = store.add(request.query.get("upload_id", ""), request.body, int(offset), final=final)
    if added is None:
        responder.send_json(200, {}, {"X-Goog-Upload-Status": "active"})
        return
    made = await asyncio.to_thread(added.to_json, base_url)
    responder.send_json(200, {"file": made}, {"X-Goog-Upload-Status": "final"})


def _page(store: FileStore, request: HttpRequest, base_url: str) -> dict[str, Any]:
    files = store.newest_first()
    page, following = request.page(len(files), DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    return {"files": [each.to_json(base_url) for each in files[page]], **following}
