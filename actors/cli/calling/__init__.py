"""`greenroom call`: a test telephone, and the providers that it can be."""

from actors.cli.calling.command import call_command
from actors.cli.calling.wanted_call import WantedCall

__all__ = ["WantedCall", "call_command"]
