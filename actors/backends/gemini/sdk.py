"""google-genai, imported whole: worth importing before actors are forked.

A client imports the better part of its HTTP stack when the first one is made, and builds each of
its pydantic models when it is first used. Done once here, that is 60 ms and 6 MiB less for each
process that talks to Gemini.
"""

from __future__ import annotations

import importlib
import ssl

from actors.backends.gemini.trust import read_ahead
from pipeline.absent import absent

_reader = read_ahead()

# While the authorities are read. Pillow is imported wherever it is installed, for pictures that
# nobody hands over here.
with absent("PIL"):
    from google.genai import Client, live, types

API_VERSION = "v1beta"
"""google-genai 3 would take v1, where aliases and some previews do not exist."""

NEEDED_TO_CONNECT = (
    "Part",
    "Content",
    "FunctionDeclaration",
    "Tool",
    "SpeechConfig",
    "Model",
    "LiveServerSetupComplete",
    "HttpResponse",
    "ListModelsResponse",
    "LiveConnectConfig",
    "LiveConnectParameters",
    "LiveSendRealtimeInputParameters",
    "LiveServerMessage",
)
"""Models built here, once. Small ones first: what is built already, pydantic does not build again
inside of others."""

__all__ = ["API_VERSION", "Client", "live", "types"]


def _import_lazy_parts() -> Client:
    # Without the proxies of the environment: one that httpx cannot use makes it raise.
    nobody = {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "trust_env": False}
    options = types.HttpOptions(
        client_args=nobody, async_client_args={**nobody, "ssl": nobody["verify"]}
    )
    client = Client(api_key="none", vertexai=False, http_options=options)
    importlib.import_module("anyio._backends._asyncio")
    for name in NEEDED_TO_CONNECT:
        getattr(types, name).model_rebuild()
    return client


# Kept: a client that is collected makes itself a task, in whatever loop runs then, to close itself.
_used_by_nobody = _import_lazy_parts()
_reader.join()
