"""Certificates of the simulator: kept between runs, and for host names that clients insist on."""

import socket
import ssl
from pathlib import Path

import pytest
from simulating import RunningSimulator, Scripted

from actors.simulator.certificates import make_certificates
from pipeline.errors import ConfigError

GOOGLE = "generativelanguage.googleapis.com"


def shake_hands(simulator: RunningSimulator, ca_file: Path, name: str) -> None:
    context = ssl.create_default_context(cafile=str(ca_file))
    host, port = simulator.server.base_url.removeprefix("https://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=name),
    ):
        pass


def test_authority_of_a_named_folder_is_the_same_in_the_next_run(
    scripted: Scripted, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    first = scripted(certificates=folder)
    trusted = first.server.authority_file.read_bytes()
    first.stop()
    second = scripted(certificates=folder)
    assert second.server.authority_file.read_bytes() == trusted
    shake_hands(second, folder / "ca.pem", "localhost")
    assert (folder / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_without_a_folder_no_key_is_left_on_disk(scripted: Scripted) -> None:
    simulator = scripted()
    folder = simulator.server.authority_file.parent
    assert sorted(path.name for path in folder.iterdir()) == ["ca-bundle.pem", "ca.pem"]


def test_certificate_is_for_googles_host_only_on_request(scripted: Scripted) -> None:
    asked = scripted(certificate_names=[GOOGLE])
    shake_hands(asked, asked.server.authority_file, GOOGLE)
    plain = scripted()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(plain, plain.server.authority_file, GOOGLE)


def test_damaged_authority_says_what_to_delete(tmp_path: Path) -> None:
    make_certificates(tmp_path, keep=True)
    (tmp_path / "ca-key.pem").write_text("no key")
    with pytest.raises(ConfigError, match=r"delete ca.pem and ca-key.pem"):
        make_certificates(tmp_path, keep=True)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot make"):
        make_certificates(tmp_path / "file" / "below", keep=True)
