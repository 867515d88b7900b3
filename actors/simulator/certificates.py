"""TLS certificates made at start: one to trust, one that nobody trusts."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trustme

NAMES = ("127.0.0.1", "localhost")
BUNDLE_NAME = "ca-bundle.pem"


@dataclass(frozen=True)
class Certificates:
    """Server contexts and the file for `SSL_CERT_FILE`; private keys are never on disk for long."""

    trusted: ssl.SSLContext
    untrusted: ssl.SSLContext
    bundle: Path


def make_certificates(folder: Path) -> Certificates:
    """Writes the bundle into `folder`: public authorities and ours, so other TLS still works."""
    import certifi
    import trustme

    authority = trustme.CA()
    bundle = folder / BUNDLE_NAME
    folder.mkdir(parents=True, exist_ok=True)
    public = Path(certifi.where()).read_bytes()
    bundle.write_bytes(public + b"\n" + authority.cert_pem.bytes())
    return Certificates(_context(authority), _context(trustme.CA()), bundle)


def _context(authority: "trustme.CA") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    return context
