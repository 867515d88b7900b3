"""TLS certificates made at start: one to trust, one that nobody trusts."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trustme

NAMES = ("127.0.0.1", "localhost")
BUNDLE_NAME = "ca-bundle.pem"
AUTHORITY_NAME = "ca.pem"


@dataclass(frozen=True)
class Certificates:
    """Server contexts, and files for clients; private keys are never on disk for long.

    Attributes:
        bundle: For `SSL_CERT_FILE`: public authorities and ours, so that other TLS still works.
        authority: Ours alone, for who talks to nobody else: it is read in no time.
    """

    trusted: ssl.SSLContext
    untrusted: ssl.SSLContext
    bundle: Path
    authority: Path


def make_certificates(folder: Path) -> Certificates:
    """Makes certificates, and writes the files for clients into `folder`."""
    import certifi
    import trustme

    authority = trustme.CA()
    bundle = folder / BUNDLE_NAME
    folder.mkdir(parents=True, exist_ok=True)
    public = Path(certifi.where()).read_bytes()
    bundle.write_bytes(public + b"\n" + authority.cert_pem.bytes())
    own = folder / AUTHORITY_NAME
    authority.cert_pem.write_to_path(own)
    return Certificates(_context(authority), _context(trustme.CA()), bundle, own)


def _context(authority: "trustme.CA") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    return context
