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


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_others_than_this_machine_are_not_listened_to_without_keys(host: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|127\.0\.0\.1"):
        GatewayOptions(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_this_machine_is_listened_to(host: str) -> None:
    assert GatewayOptions(host=host).host == host
