"""`greenroom tap`: see what passes on a stream."""

from __future__ import annotations

import json
from typing import Any

import zmq

from pipeline.cli.running import find_runtime_dir, frames, listening
from pipeline.errors import GreenroomError
from pipeline.ports import StreamRef

SHOWN_BYTES = 16
"""Of sound and pictures only the size and the beginning are shown."""


def tap_command(stream: str, pipeline: str | None, count: int | None) -> None:
    """Print frames, one JSON object a line, until Control-C."""
    try:
        ref = StreamRef.parse(stream)
    except ValueError as error:
        raise GreenroomError(str(error)) from error
    with listening(find_runtime_dir(pipeline), ref.actor, ref.port) as socket:
        seen = 0
        try:
            for frame in frames(socket, ref.port):
                fields = {"type": frame.type_name, **frame.model_dump(mode="python")}
                print(json.dumps(fields, default=_brief), flush=True)  # noqa: T201
                seen += 1
                if count is not None and seen >= count:
                    return
        except (KeyboardInterrupt, zmq.ContextTerminated):
            return


def _brief(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes: {value[:SHOWN_BYTES].hex()}"
    return str(value)
