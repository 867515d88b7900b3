"""Files that cells on other machines need: each is sent once, and kept while a cell needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.recordings.evaluation.recordings import Recorded
from pipeline.errors import GreenroomError


class SharedFiles:
    """What is in the memory of the cluster, by the digest of the file."""

    def __init__(self, put: Callable[[bytes], Any]) -> None:
        """Make one that is empty; `put` gives bytes to the cluster and returns what names them."""
        self._put = put
        self._refs: dict[str, Any] = {}
        self._users: dict[str, int] = {}

    def take(self, recorded: Recorded) -> Any:
        """Return what names the file, for one cell more.

        Raises:
            GreenroomError: it cannot be read.
        """
        digest = recorded.digest
        if digest not in self._refs:
            try:
                content = recorded.path.read_bytes()
            except OSError as error:
                raise GreenroomError(f"{recorded.path} cannot be read: {error.strerror}") from error
            self._refs[digest] = self._put(content)
        self._users[digest] = self._users.get(digest, 0) + 1
        return self._refs[digest]

    def release(self, recorded: Recorded) -> None:
        """Say that a cell is done with it; the last one removes it from the cluster."""
        digest = recorded.digest
        self._users[digest] -= 1
        if not self._users[digest]:
            del self._users[digest], self._refs[digest]

    def __len__(self) -> int:
        return len(self._refs)
