"""The certificate with which the gateway serves https and wss."""

from __future__ import annotations

import ssl
from pathlib import Path

from actors.gateway.options import GatewayOptions
from pipeline.errors import ConfigError


def certificate_files(options: GatewayOptions) -> tuple[Path, Path] | None:
    """Return the files of certificate and private key; None if there are none.

    Raises:
        ConfigError: they cannot be read, or do not belong together.
    """
    if options.certificate is None or options.private_key is None:
        return None
    files = options.certificate, options.private_key
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)
    except OSError as error:  # An SSLError is one too.
        raise ConfigError(
            f"cannot use the certificate {files[0]} with the key {files[1]}: "
            f"{error.strerror or error}; both are PEM files, and of one pair"
        ) from error
    return files
