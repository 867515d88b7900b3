"""Takes the robot's own voice out of what its microphone hears."""

from actors.hearing.echo.actor import Echo, EchoOptions

__all__ = ["Echo", "EchoOptions"]
