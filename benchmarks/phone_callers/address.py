"""Where the providers of telephone calls connect to a gateway."""

from __future__ import annotations

import re

from actors.cli.calling.providers import gateway_path
from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline

LISTENED_AS = re.compile(r"AudioSocket is served here.*?port\D+(\d+)")


def audiosocket_of(pipeline: RunningPipeline) -> str:
    """Return host and port of AudioSocket, which a gateway that is ready has said."""
    found = LISTENED_AS.search(pipeline.output)
    assert found, pipeline.output
    return f"127.0.0.1:{found[1]}"


def phone_url(pipeline: RunningPipeline, provider: str) -> str:
    """Wait until all are ready; return where a provider, or a caller of `LINES`, connects."""
    url = url_of(pipeline).replace("http", "ws", 1)
    if provider == "audiosocket":
        return f"tcp://{audiosocket_of(pipeline)}"
    return f"{url}{gateway_path(provider)}"
