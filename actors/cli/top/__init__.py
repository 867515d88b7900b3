"""`greenroom top`: a running pipeline, watched from outside."""

from actors.cli.top.command import top_command

__all__ = ["top_command"]
