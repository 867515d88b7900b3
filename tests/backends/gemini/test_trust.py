"""Certificates are read once, ahead of time, and again when they are others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trustme

from actors.backends.gemini.trust import read_ahead, trust
from pipeline.errors import ConfigError


def authority(path: Path) -> str:
    """Write a new authority there."""
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


def test_what_was_read_ahead_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority(tmp_path / "ca.pem"))
    read_ahead().join()
    assert trust(None) is trust(None)
    assert len(trust(None).get_ca_certs()) == 1


def test_authorities_that_changed_since_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("SSL_CERT_FILE", authority(path))
    read_ahead().join()
    before = trust(None)
    authority(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert trust(None).get_ca_certs() != before.get_ca_certs()


def test_a_file_of_ones_own_is_trusted_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority(tmp_path / "public.pem"))
    read_ahead().join()
    own = authority(tmp_path / "own.pem")
    assert trust(own).get_ca_certs() != trust(None).get_ca_certs()
    assert len(trust(own).get_ca_certs()) == 1


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_cannot_be_read_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    read_ahead().join()
    for ca_file, named_by in ((None, "SSL_CERT_FILE"), (str(path), "ca_file")):
        with pytest.raises(ConfigError, match=f"cannot read {named_by} {path}"):
            trust(ca_file)
