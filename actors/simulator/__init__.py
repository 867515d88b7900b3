"""A server that speaks the Gemini wire protocol: Live, models, content and speech generation."""

from typing import TYPE_CHECKING, Any

from actors.simulator.actor import Simulator
from actors.simulator.options import SimulatorOptions

if TYPE_CHECKING:
    from actors.simulator.server import SimulatorServer

__all__ = ["Simulator", "SimulatorOptions", "SimulatorServer"]


def __getattr__(name: str) -> Any:
    # The supervisor imports this package only to read the actor's ports: TLS and HTTP can wait.
    if name == "SimulatorServer":
        from actors.simulator.server import SimulatorServer

        return SimulatorServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
