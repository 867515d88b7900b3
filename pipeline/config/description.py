"""Description of a running pipeline, in a file for programs that connect to it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.graph import SUPERVISOR
from pipeline.errors import GreenroomError
from pipeline.files import write_whole
from pipeline.logs import redact
from pipeline.ports import StreamRef

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

FILE = "pipeline.json"
"""In the runtime folder; no actor can have a name with a dot."""

HIDDEN = "[secret]"
_SECRET_KEY = re.compile(r"(^|_)(key|secret|password|passwd|token|authorization)$", re.IGNORECASE)
_SECRET_MAPS = ("env", "headers")
"""Environment variables and HTTP headers given to other programs: how credentials are passed."""


@dataclass(frozen=True)
class DescribedStream:
    """One stream: which types of frame it carries, and which actors listen to it."""

    actor: str
    port: str
    types: list[str]
    consumers: list[str]

    @property
    def name(self) -> str:
        """Written `actor.port`."""
        return str(StreamRef(self.actor, self.port))


@dataclass(frozen=True)
class Endpoint:
    """Where an actor publishes; `public_key` if on another host."""

    address: str
    public_key: str | None


@dataclass(frozen=True)
class Description:
    """A running pipeline.

    Attributes:
        pipeline: Its name.
        version: Version of greenroom.
        session: Of its conversation.
        started_ns: Monotonic time of its start.
        config_path: The config file.
        keys_dir: Folder of this host's keys.
        config: The config as resolved, with all defaults and without secrets.
        endpoints: By actor, the supervisor included.
        streams: All of them.
    """

    pipeline: str
    version: str
    session: str
    started_ns: int
    config_path: str
    keys_dir: str | None
    config: dict[str, Any]
    endpoints: dict[str, Endpoint]
    streams: list[DescribedStream]


def describe(graph: Graph, started_ns: int, version: str) -> Description:
    """Describe a pipeline that is being started."""
    names = [*graph.nodes, SUPERVISOR]
    keys = {name: node.config.public_key for name, node in graph.nodes.items()}
    consumers = {name: graph.consumers(name) for name in names}
    keys_dir = graph.config.security.keys_dir
    return Description(
        pipeline=graph.config.name,
        version=version,
        session=graph.config.session,
        started_ns=started_ns,
        config_path=str(graph.path),
        keys_dir=str(keys_dir.absolute()) if keys_dir else None,
        config=without_secrets(_resolved(graph)),
        endpoints={name: Endpoint(graph.address(name), keys.get(name)) for name in names},
        streams=[
            DescribedStream(
                name, port, [t.type_name for t in out.types], consumers[name].get(port, [])
            )
            for name in names
            for port, out in graph.outputs(name).items()
        ],
    )


def write_description(graph: Graph, started_ns: int, version: str) -> None:
    """Put the description where `read_description` finds it, at once and as a whole."""
    path = graph.runtime_dir / FILE
    content = json.dumps(asdict(describe(graph, started_ns, version)))
    write_whole(path, content, durable=False)


def read_description(runtime_dir: Path) -> Description:
    """Return what runs, or ran last, in a runtime folder.

    Raises:
        GreenroomError: nothing did.
    """
    path = runtime_dir / FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["endpoints"] = {k: Endpoint(**v) for k, v in fields["endpoints"].items()}
        fields["streams"] = [DescribedStream(**each) for each in fields["streams"]]
        return Description(**fields)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GreenroomError(
            f"{path} does not describe a pipeline of this version ({error}): is it running?"
        ) from error


def without_secrets(value: Any, key: str = "") -> Any:
    """Return a tree of plain values with all that is, or may be, a secret blanked."""
    if isinstance(value, dict):
        hidden = key in _SECRET_MAPS
        return {k: HIDDEN if hidden else without_secrets(v, str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [without_secrets(each, key) for each in value]
    if isinstance(value, str):
        return HIDDEN if value and _is_secret(key) else redact(value)
    return value


def _is_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key)) and key != "public_key"


def _resolved(graph: Graph) -> dict[str, Any]:
    tree: dict[str, Any] = graph.config.model_dump(mode="json")
    for name, node in graph.nodes.items():
        options = node.actor_class.options_type.model_validate(node.config.options)
        tree["actors"][name]["options"] = options.model_dump(mode="json")
    return tree
