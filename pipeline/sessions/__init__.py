"""Sessions: the table every process keeps of them, what one may ask for, the work done for one."""

from pipeline.sessions.table import (
    MOST_SESSIONS,
    Opening,
    PlaybackScope,
    SessionEntry,
    SessionTable,
)

__all__ = ["MOST_SESSIONS", "Opening", "PlaybackScope", "SessionEntry", "SessionTable"]
