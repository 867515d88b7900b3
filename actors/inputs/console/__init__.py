"""Text in from the terminal, transcripts out."""

from actors.inputs.console.actor import Console, ConsoleOptions

__all__ = ["Console", "ConsoleOptions"]
