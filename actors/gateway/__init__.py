"""Callers: people who are not in the room, each a session of the pipeline."""

from actors.gateway.actor import Gateway
from actors.gateway.options import GatewayOptions

__all__ = ["Gateway", "GatewayOptions"]
