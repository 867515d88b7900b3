"""Where work is done, as it is named on the command line: `ray`, `ray:auto`, `ray:HOST:PORT`."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import GreenroomError

AUTO = "auto"
"""The cluster that this machine is a node of, as Ray calls it."""
GCS_PORT = 6379
"""Of a head node, where `ray start --head` names no other."""


@dataclass(frozen=True)
class RayPlace:
    """A cluster of Ray.

    Attributes:
        address: `auto`, or `host:port` of its head; None: one of this machine alone, for as long
            as the command runs.
    """

    address: str | None = None

    @property
    def head(self) -> tuple[str, int] | None:
        """Host and port of the head node; None if the address does not tell."""
        if self.address in (None, AUTO):
            return None
        host, _, port = str(self.address).rpartition(":")
        return host.strip("[]"), int(port)


def parse_place(text: str) -> RayPlace:
    """Return what `--on` names.

    Raises:
        GreenroomError: it names nothing, and what it may be.
    """
    engine, colon, address = text.partition(":")
    problem = f"--on {text}: write ray, ray:{AUTO} or ray:HOST:{GCS_PORT}"
    if engine != "ray" or (colon and not address):
        raise GreenroomError(problem)
    if "//" in address:
        raise GreenroomError(
            f"--on {text}: Ray's client protocol cannot tell what goes on meanwhile; make this "
            f"machine a node (ray start --address=HOST:{GCS_PORT} --num-cpus=0) and write ray:auto"
        )
    if not colon:
        return RayPlace()
    if address == AUTO:
        return RayPlace(AUTO)
    if ":" not in address or (address.startswith("[") and address.endswith("]")):
        address = f"{address}:{GCS_PORT}"
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise GreenroomError(problem)
    return RayPlace(address)
