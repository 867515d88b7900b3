"""The certificate with which the gateway serves https and wss."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from actors.gateway.options import GatewayOptions
from pipeline.errors import ConfigError
from pipeline.logs import Logger

LOOK_S = 10.0
"""How often the files are looked at: two stats; a certificate is renewed days before it expires."""
State = tuple[tuple[int, int, int], ...]


def certificate_files(options: GatewayOptions) -> tuple[Path, Path] | None:
    """Return the files of certificate and private key; None if there are none.

    Raises:
        ConfigError: they cannot be read, or do not belong together.
    """
    if options.certificate is None or options.private_key is None:
        return None
    files = options.certificate, options.private_key
    _check(files)
    return files


class CertificateWatch:
    """Takes a certificate that was renewed, without a restart: connections from then on have it.

    Args:
        files: Of certificate and private key.
        context: With which connections are accepted.
        log: Told when it is renewed, and when it cannot be.
    """

    def __init__(self, files: tuple[Path, Path], context: ssl.SSLContext, log: Logger) -> None:
        self._files = files
        self._context = context
        self._log = log
        self._state = _state(files)

    async def run(self) -> None:
        """Look at the files now and then, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Take the files if they have changed, and are a pair."""
        state = _state(self._files)
        if state == self._state:
            return
        self._state = state
        try:
            # A pair that is half written would leave the context in use without its key.
            _check(self._files)
            self._context.load_cert_chain(*self._files)
        except (ConfigError, OSError) as error:
            self._log.warning("the certificate that was is served on", why=str(error))
        else:
            self._log.info("the certificate was renewed", file=str(self._files[0]))


def _check(files: tuple[Path, Path]) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)
    except OSError as error:  # An SSLError is one too.
        raise ConfigError(
            f"cannot use the certificate {files[0]} with the key {files[1]}: "
            f"{error.strerror or error}; both are PEM files, and of one pair"
        ) from error


def _state(files: tuple[Path, Path]) -> State:
    """What changes with the files, also if they are links that point elsewhere from now on."""
    found = []
    for path in files:
        try:
            stat = path.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
