"""TLS certificates made at start: one to trust, one that nobody trusts."""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import trustme

NAMES = ("127.0.0.1", "localhost")
BUNDLE_NAME = "ca-bundle.pem"
AUTHORITY_NAME = "ca.pem"
# Only in a folder that a person named, readable for that person alone.
KEY_NAME = "ca-key.pem"


@dataclass(frozen=True)
class Certificates:
    """Server contexts, and files for clients.

    Attributes:
        bundle: For `SSL_CERT_FILE`: public authorities and ours, so that other TLS still works.
        authority: Ours alone, for who talks to nobody else: it is read in no time.
    """

    trusted: ssl.SSLContext
    untrusted: ssl.SSLContext
    bundle: Path
    authority: Path


def make_certificates(
    folder: Path, *, names: Sequence[str] = (), keep: bool = False
) -> Certificates:
    """Makes certificates, and writes the files for clients into `folder`.

    Args:
        folder: Is made if it is not there.
        names: Host names that the certificate is for, besides those of this machine.
        keep: The authority stays the same from run to run: its key is in the folder too.
            Otherwise private keys are never on disk for long.

    Raises:
        ConfigError: the folder cannot be made, or the authority that was kept cannot be read.
    """
    import certifi
    import trustme

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make {folder} for the simulator's certificates: {error.strerror}"
        ) from error
    authority = _kept_authority(folder) if keep else trustme.CA()
    bundle = folder / BUNDLE_NAME
    public = Path(certifi.where()).read_bytes()
    bundle.write_bytes(public + b"\n" + authority.cert_pem.bytes())
    own = folder / AUTHORITY_NAME
    authority.cert_pem.write_to_path(own)
    all_names = (*NAMES, *names)
    return Certificates(
        _context(authority, all_names), _context(trustme.CA(), all_names), bundle, own
    )


def _kept_authority(folder: Path) -> "trustme.CA":
    import trustme

    certificate, key = folder / AUTHORITY_NAME, folder / KEY_NAME
    if not key.is_file():
        authority = trustme.CA()
        authority.cert_pem.write_to_path(certificate)
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(authority.private_key_pem.bytes())
        return authority
    try:
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot read the simulator's authority in {folder}: {error}; "
            f"delete {AUTHORITY_NAME} and {KEY_NAME} there to have a new one made"
        ) from error


def _context(authority: "trustme.CA", names: Sequence[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
