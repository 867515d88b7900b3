"""ZeroMQ between the actors: one PUB socket a producer, consumers connect."""

from pipeline.bus.endpoint import EndpointLock, ipc_address
from pipeline.bus.publisher import Publisher
from pipeline.bus.subscriber import Inlet, Subscriber

__all__ = ["EndpointLock", "Inlet", "Publisher", "Subscriber", "ipc_address"]
