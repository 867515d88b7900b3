"""What a node of a cluster does with one cell. Runs in a worker process of Ray."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.lib.owned_folder import OwnedFolder, sweep
from actors.recordings.evaluation.runner import FOLDER, run_cell
from actors.recordings.evaluation.shipment import Shipment, unpack
from actors.scale.identity import NodeIdentity, misfit, own_identity, package_root
from pipeline.errors import GreenroomError

Told = dict[str, Any]
"""`{"kind": "begun" | "unfit" | "failed" | "finished", ...}`."""


def cell_on_node(
    shipment: Shipment, sound: bytes, noise: bytes | None, keep: bool, driver: NodeIdentity
) -> Iterator[Told]:
    """Run a cell here; yield that it has begun, and then what became of it.

    Args:
        shipment: Of `pack`.
        sound: The file of its recording.
        noise: That of its noise.
        keep: Whether the recording (MCAP) and log of the run come back with the result.
        driver: What runs on the machine that asks.
    """
    if problem := misfit(own_identity(), driver):
        yield {"kind": "unfit", "reason": problem}
        return
    yield {"kind": "begun"}
    with OwnedFolder(FOLDER) as folder:
        sound_path, kept = folder.path / "recording", folder.path / "kept"
        sound_path.write_bytes(sound)
        noise_path = None
        if noise is not None:
            noise_path = folder.path / "noise"
            noise_path.write_bytes(noise)
        cell = unpack(shipment, sound_path, noise_path, package_root())
        try:
            observed = asyncio.run(run_cell(cell, kept if keep else None))
        except GreenroomError as error:
            told: Told = {"kind": "failed", "reason": f"on {socket.gethostname()}: {error}"}
        else:
            told = {"kind": "finished", "observed": observed.model_dump(mode="json")}
        yield {**told, "files": _files(kept)}


def sweep_node() -> int:
    """Remove the folders of cells on this node that were killed; return how many."""
    return len(sweep(FOLDER))


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
