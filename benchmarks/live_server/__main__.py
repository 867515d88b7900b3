"""`python -m benchmarks.live_server KIND FOLDER [JSON]`: see `benchmarks.live_server.process`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.live_server.crowd import CrowdServer
from benchmarks.live_server.process import Kind
from benchmarks.live_server.serving import LiveServer, serve
from benchmarks.live_server.talk import Behaviour
from benchmarks.live_server.talk_server import TalkServer


def _server(kind: Kind, given: str) -> LiveServer:
    match kind:
        case Kind.CROWD:
            return CrowdServer(json.loads(given))
        case Kind.TALK:
            return TalkServer(Behaviour(**json.loads(given)))


if __name__ == "__main__":
    asyncio.run(serve(_server(Kind(sys.argv[1]), sys.argv[3]), Path(sys.argv[2])))
