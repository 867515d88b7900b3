from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from database_work import done
from sqlalchemy.exc import IntegrityError

from actors.gateway.store.credentials import (
    Credential,
    add_credential,
    list_credentials,
    note_use,
    revoke_credentials,
)
from actors.gateway.store.database import Database

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def credential(name: str = "site", number: int = 1) -> Credential:
    return Credential(
        id=f"c{number}",
        name=name,
        hash=f"{number:064x}",
        scopes=("talk", "transcribe"),
        origins=("https://example.org",),
        created_at=NOON + timedelta(seconds=number),
    )


def test_credentials_are_listed_oldest_first(database: Database) -> None:
    for number in (2, 1, 3):
        new = credential(number=number)
        done(database, lambda c, new=new: add_credential(c, new))  # type: ignore[misc]
    listed = done(database, list_credentials)
    assert [each.id for each in listed] == ["c1", "c2", "c3"]


def test_two_credentials_never_have_one_key(database: Database) -> None:
    done(database, lambda c: add_credential(c, credential()))
    with pytest.raises(IntegrityError):
        done(database, lambda c: add_credential(c, credential()))


@pytest.mark.parametrize(("asked", "taken"), [("c1", ["c1"]), ("site", ["c1", "c2"]), ("x", [])])
def test_a_credential_is_revoked_by_id_and_all_of_a_name(
    database: Database, asked: str, taken: list[str]
) -> None:
    for new in (credential(), credential(number=2), credential("other", 3)):
        done(database, lambda c, new=new: add_credential(c, new))  # type: ignore[misc]
    later = NOON + timedelta(days=1)
    revoked = done(database, lambda c: revoke_credentials(c, asked, later))
    assert sorted(each.id for each in revoked) == taken
    assert all(each.revoked_at == later for each in revoked)
    listed = done(database, list_credentials)
    assert [each.id for each in listed if each.revoked_at] == taken
    assert not done(database, lambda c: revoke_credentials(c, asked, later)), "only once"


def test_when_it_was_used_last_is_kept(database: Database) -> None:
    done(database, lambda c: add_credential(c, credential()))
    done(database, lambda c: note_use(c, "c1", NOON + timedelta(hours=1)))
    (listed,) = done(database, list_credentials)
    assert listed.used_at == NOON + timedelta(hours=1)
