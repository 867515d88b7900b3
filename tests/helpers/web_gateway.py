"""A pipeline behind a gateway: its config, and a certificate for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trustme
import yaml

CONFIG = Path(__file__).parents[2] / "configs" / "gateway.yaml"


def gateway_config(folder: Path, gateway: dict[str, Any] | None = None, **simulator: Any) -> Path:
    """Write a config that lies on that of the gateway, with options of two of its actors."""
    # A key of whoever runs the tests is not spent on them.
    simulated = {"options": {"server_file_when": "always"}}
    changes = {
        "extends": str(CONFIG),
        "name": "test",
        "actors": {
            "gateway": {"options": {"port": 0, **(gateway or {})}},
            "simulator": {"options": simulator},
            "live": simulated,
            "http": simulated,
        },
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(changes))
    return path


def with_certificate(folder: Path) -> dict[str, Any]:
    """Options of a gateway with a certificate, whose authority is in `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "certificate.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    return {"certificate": "certificate.pem", "private_key": "key.pem"}
