"""ZeroMQ between the actors: one PUB socket a producer, consumers connect."""

from pipeline.bus.endpoint import EndpointLock, ipc_address
from pipeline.bus.inlet import Inlet
from pipeline.bus.publisher import Publisher
from pipeline.bus.subscriber import Subscriber

__all__ = ["EndpointLock", "Inlet", "Publisher", "Subscriber", "ipc_address"]
