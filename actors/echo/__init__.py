"""Takes the robot's own voice out of what its microphone hears."""

from actors.echo.actor import Echo, EchoOptions

__all__ = ["Echo", "EchoOptions"]
