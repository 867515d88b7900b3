"""Configs of real pipelines made of the actors for tests, and what to wait for in them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgpack
import yaml
import zmq

from pipeline.bus import ipc_address
from pipeline.frames import ActorStatus, Status
from pipeline.hosting.spec import ActorSpec
from pipeline.testing import RunningPipeline

ACTORS_FILE = Path(__file__).parent / "actors_for_tests.py"

SUPERVISION = {"heartbeat_s": 0.1, "heartbeat_timeout_s": 20.0, "backoff_first_s": 0.01}
"""Beats often, for quick tests; only who is really stopped misses them for so long."""


def actor(name: str, **fields: Any) -> dict[str, Any]:
    """An actor of the config, by the name of its class."""
    return {"use": f"{ACTORS_FILE}:{name}", **fields}


def patient(ailment: str = "none", after: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """A `Patient` that takes part in nothing."""
    limits = {k: fields.pop(k) for k in list(fields) if k.endswith(("_mib", "_deadline_s"))}
    options = {"ailment": ailment, **fields}
    return actor("Patient", options=options, after=after or [], **limits)


def spec(folder: Path, name: str, use: str, **fields: Any) -> ActorSpec:
    """What a process is told of an actor that is connected to nobody."""
    return ActorSpec(
        name=name,
        use=use,
        address=ipc_address(folder, name),
        connections=[],
        expected={},
        session="local",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=time.monotonic_ns(),
        checkpoint={},
        **{"options": {}, "heartbeat_s": 0.25, **fields},
    )


def chain(folder: Path, **sink: Any) -> dict[str, dict[str, Any]]:
    """A source, a relay, and a sink that writes the positions it gets into a file."""
    return {
        "source": actor("Source"),
        "relay": actor("Relay", inputs={"audio": "source.audio"}),
        "sink": actor(
            "Sink", inputs={"audio": "relay.audio"}, options={"path": str(heard(folder)), **sink}
        ),
    }


def heard(folder: Path) -> Path:
    """The file of the sink."""
    return folder / "heard.txt"


def positions(folder: Path) -> list[int]:
    """What the sink got; the last line may still be under way."""
    return [int(line) for line in heard(folder).read_text().split("\n")[:-1]]


def config(
    folder: Path, actors: dict[str, Any], supervision: dict[str, Any] | None = None, **fields: Any
) -> Path:
    """Write a config."""
    path = folder / "test.yaml"
    tree = {
        "name": "test",
        "actors": actors,
        "supervision": {**SUPERVISION, **(supervision or {})},
        **fields,
    }
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    return path


def of(status: Status, name: str) -> ActorStatus:
    """One actor's part of a status."""
    return next(each for each in status.actors if each.actor == name)


def gauge(status: Status, name: str, key: str) -> float:
    """A gauge of the present process of an actor, 0 if it is not known."""
    each = of(status, name)
    if each.health is None or each.health.pid != each.pid:
        return 0
    return each.health.gauges.get(key, each.health.counters.get(key, 0))


def ready(pipeline: RunningPipeline) -> Status:
    """Wait until every actor is ready."""
    return pipeline.until(lambda status: status.ready, "ready")


def restarted(pipeline: RunningPipeline, name: str, restarts: int = 1) -> Status:
    """Wait until an actor has been restarted so often, and all are ready."""
    return pipeline.until(
        lambda status: status.ready and of(status, name).restarts == restarts,
        f"{name} restarted {restarts} times and all ready",
    )


def flowing(pipeline: RunningPipeline, name: str = "sink", beyond: float = 0) -> float:
    """Wait until the present process of the sink has got a position beyond this; return it."""
    status = pipeline.until(
        lambda status: gauge(status, name, "position") > beyond, f"{name} got more than {beyond}"
    )
    return gauge(status, name, "position")


class Stranger:
    """Publishes in place of an actor, with nothing but pyzmq and msgpack."""

    def __init__(self, pipeline: RunningPipeline, name: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._socket.bind(ipc_address(pipeline.runtime_dir, name))

    def __enter__(self) -> Stranger:
        """Wait for the first listener."""
        self._socket.setsockopt(zmq.RCVTIMEO, 60_000)
        while self._socket.recv() != b"\x01audio":
            pass
        return self

    def __exit__(self, *_exc: object) -> None:
        self._context.destroy(linger=0)

    def send(self, *parts: bytes) -> None:
        """Send whatever it is."""
        self._socket.send_multipart(parts)

    def send_block(self, position: int) -> None:
        """Send a good block of audio."""
        fields = {
            "v": 1,
            "type": "audio",
            "session": "local",
            "position": position,
            "pcm": bytes(640),
        }
        self.send(b"audio", msgpack.packb(fields))
