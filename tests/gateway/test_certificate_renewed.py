"""A certificate that is renewed while its gateway runs."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from actors.gateway.certificate import CertificateWatch
from pipeline.logs import get_logger


class Files:
    """Certificate and key of a gateway, issued anew by one authority."""

    def __init__(self, folder: Path) -> None:
        self.pair = folder / "certificate.pem", folder / "key.pem"
        self.authority = trustme.CA()

    def issue(self) -> None:
        issued = self.authority.issue_cert("127.0.0.1")
        self.write(issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes())

    def write(self, certificate: bytes | None, key: bytes | None) -> None:
        for path, data in zip(self.pair, (certificate, key), strict=True):
            if data is not None:
                # As certbot does: the name points to another file from then on.
                new = path.with_suffix(f".{os.urandom(4).hex()}")
                new.write_bytes(data)
                new.replace(path)

    @property
    def serial(self) -> int:
        return x509.load_pem_x509_certificate(self.pair[0].read_bytes()).serial_number


async def served_serial(context: ssl.SSLContext, authority: trustme.CA) -> int:
    """Serial number of the certificate that a new connection gets."""
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
    )
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    return x509.load_der_x509_certificate(der).serial_number


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path)
    files.issue()
    return files


def test_connections_after_a_renewal_have_the_new_certificate(files: Files) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.pair)
    watch = CertificateWatch(files.pair, context, get_logger("gateway"))

    def served() -> int:
        watch.look()
        return asyncio.run(served_serial(context, files.authority))

    first = files.serial
    assert served() == first
    files.issue()
    assert files.serial != first
    assert served() == files.serial


def test_half_a_renewal_and_a_damaged_one_leave_what_was(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.pair)
    watch = CertificateWatch(files.pair, context, get_logger("gateway"))
    first = files.serial
    issued = files.authority.issue_cert("127.0.0.1")
    certificate, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
    for half in (certificate, b"no PEM"):
        files.write(half, None)
        watch.look()
        assert asyncio.run(served_serial(context, files.authority)) == first
    assert "the certificate that was is served on" in capsys.readouterr().out
    files.pair[0].unlink()
    watch.look()
    assert asyncio.run(served_serial(context, files.authority)) == first
    files.write(certificate, key)
    watch.look()
    assert asyncio.run(served_serial(context, files.authority)) == files.serial != first
