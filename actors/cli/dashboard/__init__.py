"""`greenroom dashboard`: a running pipeline, watched in a browser on the same host."""

from actors.cli.dashboard.command import dashboard_command

__all__ = ["dashboard_command"]
