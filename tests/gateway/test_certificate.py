from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from actors.gateway import Gateway, GatewayOptions
from pipeline.errors import ConfigError


def options(folder: Path, certificate: str, key: str) -> GatewayOptions:
    return GatewayOptions(certificate=folder / certificate, private_key=folder / key)


def test_a_certificate_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    authority = trustme.CA()
    for name in ("one", "other"):
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    Gateway.check(options(tmp_path, "one.pem", "one.key"), tmp_path)
    (tmp_path / "text.pem").write_text("not PEM")
    for pair in [
        ("one.pem", "other.key"),
        ("text.pem", "one.key"),
        ("one.pem", "missing.key"),
        ("missing.pem", "one.key"),
    ]:
        with pytest.raises(ConfigError, match="cannot use the certificate"):
            Gateway.check(options(tmp_path, *pair), tmp_path)


@pytest.mark.parametrize("given", [{"certificate": "a.pem"}, {"private_key": "a.key"}])
def test_one_file_without_the_other_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="both certificate and private_key"):
        GatewayOptions.model_validate(given)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("host", "example.org"),
        ("host", ""),
        ("origins", ["https://example.org/"]),
        ("origins", ["example.org"]),
        ("origins", ["*"]),
        ("hosts", ["https://example.org"]),
        ("hosts", ["example.org:3000"]),
        ("hosts", ["*"]),
        ("hosts", [""]),
        ("trusted_proxies", ["proxy.example"]),
        ("limits", {"sessions_per_adress": 3}),
        ("limits", {"bytes_per_s": 0}),
    ],
)
def test_what_cannot_be_is_told_before_anything_starts(option: str, value: object) -> None:
    with pytest.raises(ValueError, match=option):
        GatewayOptions.model_validate({option: value})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "192.168.1.1"])
def test_any_address_is_listened_to(host: str) -> None:
    assert GatewayOptions(host=host).host == host
