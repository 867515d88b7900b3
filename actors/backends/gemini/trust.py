"""Whom a TLS connection to Gemini trusts.

Reading the public authorities takes 30 ms and 1 MiB. `read_ahead` does it in a thread, beside
imports, and before actors are forked.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import certifi

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Authorities:
    """A file of certificates as it was at a time, and a folder of more."""

    file: str
    folder: str | None
    modified_ns: int

    def context(self) -> ssl.SSLContext:
        """Return a context that trusts them. Raises OSError if they cannot be read."""
        return ssl.create_default_context(cafile=self.file, capath=self.folder)


_read: dict[Authorities, ssl.SSLContext] = {}


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that trusts the authority in `ca_file`, or else the public ones.

    A client that is given no context reads them twice.

    Raises:
        ConfigError: the file cannot be read.
    """
    file, folder = _places(ca_file)
    try:
        authorities = Authorities(file, folder, _modified_ns(file))
        return _read.get(authorities) or authorities.context()
    except OSError as error:
        raise ConfigError(f"cannot read {_named_by(ca_file)} {file}: {error}") from error


def read_ahead() -> Thread:
    """Begin to read the public authorities; to be joined before a fork."""
    reader = Thread(target=_read_public, daemon=True)
    reader.start()
    return reader


def _read_public() -> None:
    file, folder = _places(None)
    # What cannot be read is said by whoever needs it.
    with contextlib.suppress(OSError):
        authorities = Authorities(file, folder, _modified_ns(file))
        _read[authorities] = authorities.context()


def _places(ca_file: str | None) -> tuple[str, str | None]:
    """Where OpenSSL would look, and failing that, where certifi has them."""
    if ca_file:
        return ca_file, None
    return os.environ.get("SSL_CERT_FILE") or certifi.where(), os.environ.get("SSL_CERT_DIR")


def _named_by(ca_file: str | None) -> str:
    if ca_file:
        return "ca_file"
    return "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "certifi's"


def _modified_ns(file: str) -> int:
    return Path(file).stat().st_mtime_ns
