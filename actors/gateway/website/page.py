"""The page for a caller who has only a browser, and the module for pages of others."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse

FOLDER = Path(__file__).parent.parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    # Nothing of it comes from elsewhere, and nobody frames it.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self), camera=(self)",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def page_routes() -> APIRouter:
    """Return the routes of the page and its files."""
    router = APIRouter()
    files = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}

    @router.head("/", include_in_schema=False)
    @router.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return _file(files["index.html"])

    @router.get("/page/{name}", include_in_schema=False)
    async def file(name: str) -> FileResponse:
        if name not in files:
            raise HTTPException(404, f"no file {name!r}")
        return _file(files[name])

    return router


def _file(path: Path) -> FileResponse:
    headers = dict(HEADERS)
    if path.suffix == ".js":
        # Pages of others may import the module; whether they may connect, `origins` says.
        headers["Access-Control-Allow-Origin"] = "*"
    return FileResponse(path, headers=headers, media_type=TYPES[path.suffix])
