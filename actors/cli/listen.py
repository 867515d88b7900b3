"""`greenroom listen`: when a running robot listens, and to be listened to now."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

import typer

from actors.hearing.wake.listen_door import SOCKET
from pipeline.cli.running import find_runtime_dir
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.frames import ListenAction, ListenMode

ANSWER_TIMEOUT_S = 5.0
"""A model is loaded in a tenth of that."""


class _Connection(http.client.HTTPConnection):
    """To a socket of a folder."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_TIMEOUT_S)
        self.sock.connect(str(self._path))


def listen_command(what: str | None, pipeline: str | None) -> None:
    """Ask for something, and print how it is then.

    Raises:
        GreenroomError: no pipeline runs, it has no actor `wake`, or that cannot do it.
    """
    asked: dict[str, str] = {}
    if what is not None:
        modes, actions = map(str, ListenMode), map(str, ListenAction)
        known = {**dict.fromkeys(modes, "mode"), **dict.fromkeys(actions, "action")}
        if what not in known:
            raise GreenroomError(f"there is no {what!r}: {did_you_mean(what, known)}")
        asked = {known[what]: what}
    found = _call(find_runtime_dir(pipeline) / SOCKET, asked)
    does = "listens" if found["listens"] else "does not listen"
    typer.echo(f"{found['mode']}: {found['phase']}, {does}")


def _call(path: Path, asked: dict[str, str]) -> dict[str, Any]:
    connection = _Connection(path)
    try:
        connection.request(
            "POST" if asked else "GET", "/listen", json.dumps(asked) if asked else ""
        )
        reply = connection.getresponse()
        found: dict[str, Any] = json.loads(reply.read())
    except (FileNotFoundError, ConnectionRefusedError):
        raise GreenroomError(
            "nobody decides there when it listens: run a config with the actor `wake`, such as "
            "configs/wake.yaml"
        ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise GreenroomError(f"the actor `wake` does not answer: {error}") from error
    finally:
        connection.close()
    if "error" in found:
        raise GreenroomError(str(found["error"]))
    return found
