"""What docs/telephones.md says of who may call and of businesses can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.gateway.access.denial import Denial
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.call_routes import StartedCallRequest
from actors.gateway.phone.options import PhoneOptions

PAGE = (Path(__file__).parents[4] / "docs" / "telephones.md").read_text(encoding="utf-8")
BELOW = PAGE[PAGE.index("## Who may call") :]
CONFIGS = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", BELOW, re.DOTALL)]


def phone_of(config: Any) -> dict[str, Any]:
    found = config.get("phone") or config["actors"]["gateway"]["options"]["phone"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("config", CONFIGS)
def test_its_configs_are_taken(config: Any) -> None:
    PhoneOptions.model_validate(phone_of(config))


def test_there_are_configs() -> None:
    assert len(CONFIGS) == 2


@pytest.mark.parametrize("name", sorted(AccountsOptions.model_fields))
def test_every_secret_of_an_account_is_named(name: str) -> None:
    rows = [each for each in BELOW.splitlines() if each[:1] == "|" and f"`{name}`" in each]
    account = getattr(AccountsOptions(), name)
    secrets = [
        field
        for field, info in type(account).model_fields.items()
        if "`$NAME`" in (info.description or "")
    ]
    assert secrets
    # AudioSocket can bring no password.
    for secret in ["networks"] if name == "audiosocket" else secrets:
        assert any(f"`{secret}`" in row for row in rows), secret


@pytest.mark.parametrize(
    "denial",
    [
        Denial.UNSIGNED,
        Denial.SIGNATURE_WRONG,
        Denial.SIGNATURE_LATE,
        Denial.SIGNATURE_USED,
        Denial.TOKEN_OTHER_CALL,
        Denial.TOKEN_USED,
        Denial.TOKEN_EXPIRED,
        Denial.TOKEN_INVALID,
        Denial.BUSINESS_UNKNOWN,
        Denial.PROVIDER_UNKNOWN,
        Denial.PUBLIC_URL_MISSING,
    ],
)
def test_every_refusal_has_its_row(denial: Denial) -> None:
    assert any(f"`{denial.value}`" in line for line in BELOW.splitlines() if line[:1] == "|")


def test_every_field_of_an_order_is_named() -> None:
    for name, field in StartedCallRequest.model_fields.items():
        assert f"`{field.alias or name}`" in BELOW
