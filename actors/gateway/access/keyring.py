"""The credentials that are known: read from the database now and then, looked up in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.store.credentials import Credential, list_credentials, note_use
from actors.gateway.store.database import Database
from actors.gateway.store.errors import DatabaseAwayError
from actors.gateway.store.times import now
from pipeline.logs import Logger

REFRESH_S = 5.0
"""How long a key that was revoked may be used still."""
LOOK_AGAIN_S = 1.0
"""After an unknown key the database is asked at once, but not more often: a key that was just added
is known, and one who guesses is no load."""
FIRST_S = 5.0
"""How long a request waits, after a database could not be read at the start, for it to come before
it is told 503. Below what people and their programs wait for a web page."""
NOTED_S = 60.0
"""When a key was last used is written no more often."""


class Keyring:
    """Credentials by the hash of their key.

    If the database is away, those that were known go on to be.

    Args:
        database: Where they are.
        log: Told when the database cannot be read.
        on_revoked: Called with the id of each credential that was revoked since it was last looked.
    """

    def __init__(
        self, database: Database, log: Logger, on_revoked: Callable[[str], None] = lambda _: None
    ) -> None:
        self._database = database
        self._log = log
        self._on_revoked = on_revoked
        self._by_hash: dict[str, Credential] = {}
        self._by_id: dict[str, Credential] = {}
        self._tried, self._loaded = asyncio.Event(), asyncio.Event()
        self._looked_s = -LOOK_AGAIN_S
        self._looking = asyncio.Lock()
        self.problem = ""
        """Why the database could not be read when it was last tried; empty if it could."""
        self.origins: frozenset[str] = frozenset()
        """Web sites of all valid credentials."""
        self._used_s: dict[str, float] = {}

    @property
    def has_any(self) -> bool:
        """Whether there ever was a credential: when the last one is revoked nobody may come in."""
        return bool(self._by_id)

    @property
    def is_loaded(self) -> bool:
        """Whether the credentials were read; until then nobody who needs one is let in."""
        return self._loaded.is_set()

    async def refresh(self) -> None:
        """Read the credentials."""
        async with self._looking:
            self._looked_s = time.monotonic()
            try:
                found = await self._database.run(list_credentials)
            except DatabaseAwayError as error:
                if not self.problem:
                    self._log.warning("credentials cannot be read", why=str(error))
                self.problem = str(error)
                self._tried.set()
                return
            self.problem = ""
            revoked = [
                each.id for each in found if each.revoked_at is not None and self.is_valid(each.id)
            ]
            self._by_hash = {each.hash: each for each in found}
            self._by_id = {each.id: each for each in found}
            valid = (each.origins for each in found if each.revoked_at is None)
            self.origins = frozenset().union(*valid)
            self._tried.set()
            self._loaded.set()
        for each in revoked:
            self._on_revoked(each)

    async def loaded(self) -> None:
        """Return once the credentials are known.

        The first look at a database makes its tables, which takes a slow machine as long as it
        takes: only once it was in vain does time run.

        Raises:
            AccessDeniedError: they are not, for the database is away.
        """
        if self._loaded.is_set():
            return
        await self._tried.wait()
        try:
            async with asyncio.timeout(FIRST_S):
                await self._loaded.wait()
        except TimeoutError:
            raise AccessDeniedError(
                Denial.KEYS_UNKNOWN, "the keys cannot be looked up now: try again later", FIRST_S
            ) from None

    async def find(self, key_hash: str) -> Credential | None:
        """Return the valid credential of a key; None if there is none."""
        if key_hash not in self._by_hash and time.monotonic() - self._looked_s > LOOK_AGAIN_S:
            await self.refresh()
        credential = self._by_hash.get(key_hash)
        return None if credential is None or credential.revoked_at is not None else credential

    def get(self, credential: str) -> Credential | None:
        """Return a credential by its id, valid or not."""
        return self._by_id.get(credential)

    def is_valid(self, credential: str) -> bool:
        """Whether a credential, by its id, may be used."""
        found = self._by_id.get(credential)
        return found is not None and found.revoked_at is None

    async def note_use(self, credential: str) -> None:
        """Note, now and then, that a credential is used."""
        now_s = time.monotonic()
        if now_s - self._used_s.get(credential, -NOTED_S) < NOTED_S:
            return
        self._used_s[credential] = now_s
        at = now()
        try:
            await self._database.run(lambda connection: note_use(connection, credential, at))
        except DatabaseAwayError:  # Told of by `refresh`; the next use is noted.
            self._used_s.pop(credential, None)
