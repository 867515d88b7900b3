"""google-genai, imported whole: worth importing before actors are forked.

A client imports the better part of its HTTP stack when the first one is made, and builds each of
its pydantic models when it is first used. Done once here, that is 60 ms and 6 MiB less for each
process that talks to Gemini.
"""

from __future__ import annotations

import importlib
import os
import ssl

import certifi
from google.genai import Client, live, types

from pipeline.errors import ConfigError

API_VERSION = "v1beta"
"""google-genai 3 would take v1, where aliases and some previews do not exist."""

NEEDED_TO_CONNECT = (
    "HttpResponse",
    "ListModelsResponse",
    "LiveConnectConfig",
    "LiveConnectParameters",
    "LiveSendRealtimeInputParameters",
    "LiveServerMessage",
)
"""Models built here, once; those inside them are built with them."""

__all__ = ["API_VERSION", "Client", "live", "trust", "types"]


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that trusts the authority in `ca_file`, or else the public ones.

    Reading the public ones takes 30 ms. A client that is given no context reads them twice.

    Raises:
        ConfigError: the file cannot be read.
    """
    folder = None if ca_file else os.environ.get("SSL_CERT_DIR")
    path = ca_file or os.environ.get("SSL_CERT_FILE") or certifi.where()
    try:
        return ssl.create_default_context(cafile=path, capath=folder)
    except OSError as error:
        raise ConfigError(f"cannot read ca_file {path}: {error}") from error


def _import_lazy_parts() -> None:
    nobody = {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
    options = types.HttpOptions(
        client_args=nobody, async_client_args={**nobody, "ssl": nobody["verify"]}
    )
    Client(api_key="none", vertexai=False, http_options=options).close()
    importlib.import_module("anyio._backends._asyncio")
    for name in NEEDED_TO_CONNECT:
        getattr(types, name).model_rebuild()


_import_lazy_parts()
