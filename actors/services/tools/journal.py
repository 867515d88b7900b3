"""Journal of tool calls on disk: survives a SIGKILL, not a power cut."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from actors.services.tools.ledger import REMEMBERED, CallEntry, CallKey, CallStatus
from pipeline.store import Store

PATIENCE_S = 2.0
"""For a call to be on the disk before it runs: 1 ms on a disk that works. One that takes so long
is as good as none, and the user is waiting."""

SETTLE_S = 0.05
"""Nobody hears a tools actor that stands still for so long; other calls go on in threads."""


class CallJournal:
    """What happened to each call, newest last.

    What another run of the pipeline left is not taken over: its callers are gone, and call ids may
    come again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0
        self._kept: OrderedDict[CallKey, None] = OrderedDict()

    def load(self) -> list[CallEntry]:
        """Return what an earlier process of this run wrote, in its order."""
        entries = {
            row["number"]: CallEntry(
                CallKey(session, call), row["turn"], row["name"], CallStatus(row["phase"])
            )
            for session in self._store.sessions()
            for call, row in self._store.items(session).items()
        }
        self._count = max(entries, default=0)
        in_order = [entries[number] for number in sorted(entries)]
        self._kept.update((entry.key, None) for entry in in_order)
        return in_order

    def write(self, entry: CallEntry) -> None:
        """Keep an entry; the newest of a call counts."""
        self._count += 1
        row = {
            "number": self._count,
            "phase": entry.phase,
            "turn": entry.turn,
            "name": entry.name,
        }
        self._store.put(entry.key.session, entry.key.call_id, row)
        self._kept[entry.key] = None
        self._kept.move_to_end(entry.key)
        while len(self._kept) > REMEMBERED:
            old, _ = self._kept.popitem(last=False)
            self._store.remove(old.session, old.call_id)

    async def written(self) -> bool:
        """Return when all of it is on the disk; False: the disk does not take it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._store.written()
        except TimeoutError:
            return False

    def settle(self) -> None:
        """Block until all of it is on the disk, 0.2 ms, or `SETTLE_S` if the disk is slow."""
        self._store.wait_written(SETTLE_S)

    def forget(self, session: str) -> None:
        """A session has ended: its calls come no more."""
        self._store.remove(session)
        for key in [key for key in self._kept if key.session == session]:
            del self._kept[key]

    def close(self) -> None:
        """Let go of the file; what was written stays."""
        self._store.close()
