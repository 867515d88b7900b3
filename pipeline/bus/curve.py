"""Keys for endpoints that leave the host: CURVE encrypts, ZAP admits only known keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import zmq
import zmq.auth

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from zmq.auth.asyncio import AsyncioAuthenticator

SECRET_FILE = "greenroom.key_secret"
TRUSTED_DIR = "trusted"
ZAP_DOMAIN = "greenroom"


@dataclass(frozen=True)
class KeyPair:
    """This host's keys, Z85 text."""

    public: bytes
    secret: bytes


def create_keys(folder: Path) -> KeyPair:
    """Write a new key pair into `folder`, and make the folder of trusted public keys."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / TRUSTED_DIR).mkdir(mode=0o700, exist_ok=True)
    zmq.auth.create_certificates(str(folder), "greenroom")
    (folder / SECRET_FILE).chmod(0o600)
    return load_keys(folder)


def load_keys(folder: Path) -> KeyPair:
    """Read this host's key pair.

    Raises:
        ConfigError: there is none, or it is broken.
    """
    try:
        public, secret = zmq.auth.load_certificate(str(folder / SECRET_FILE))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"security.keys_dir: no usable key in {folder} ({error}): make one with "
            f"`greenroom keys {folder}`"
        ) from error
    if secret is None:
        raise ConfigError(f"security.keys_dir: {folder / SECRET_FILE} holds no secret key")
    return KeyPair(public, secret)


class CurveServer:
    """Admits consumers whose public key lies in the folder of trusted keys."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], folder: Path) -> None:
        from zmq.auth.asyncio import AsyncioAuthenticator

        self._keys = load_keys(folder)
        self._authenticator: AsyncioAuthenticator = AsyncioAuthenticator(context)
        self._authenticator.start()
        self._authenticator.configure_curve(domain=ZAP_DOMAIN, location=str(folder / TRUSTED_DIR))

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Make a socket, not yet bound, demand a trusted key."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._keys.secret)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._keys.public)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, ZAP_DOMAIN)

    def close(self) -> None:
        """Stop admitting."""
        self._authenticator.stop()


class CurveClient:
    """Shows this host's key to a producer whose public key is known."""

    def __init__(self, folder: Path, server_public: str) -> None:
        self._keys = load_keys(folder)
        self._server_public = server_public.encode()

    @classmethod
    def to(cls, address: str, folder: Path | None, server_public: str | None) -> Self | None:
        """Return what a socket to an endpoint needs; None within this host, or without keys."""
        if folder is None or not server_public or not address.startswith("tcp:"):
            return None
        return cls(folder, server_public)

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Give a socket, not yet connected, the keys."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self._server_public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._keys.secret)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._keys.public)
