"""A cell as it travels to another machine: plain values, its sound beside it. Pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.recordings.evaluation.cells import Background, Cell
from actors.recordings.evaluation.recordings import Recorded, ReferenceLabels
from actors.recordings.evaluation.variants import Variant
from actors.scale.identity import moved
from pipeline.config.model import PipelineConfig

Shipment = dict[str, Any]
"""JSON, so that no class of ours has to be the same on both sides before that is known."""


def pack(cell: Cell, root: str) -> Shipment:
    """Return the cell without its sound.

    Args:
        cell: What is to be run elsewhere.
        root: Folder of our packages on this machine.
    """
    background = cell.background
    shipment = {
        "recording": _named(cell.recording),
        "noise": _named(background.noise) if background.noise else None,
        "tail_s": background.tail_s,
        "snr_db": background.snr_db,
        "variant": cell.variant.name,
        "path": str(cell.variant.path.resolve()),
        "config": cell.variant.as_json(),
        "root": root,
    }
    # Strings that know their folder become plain ones.
    plain: Shipment = json.loads(json.dumps(shipment))
    return plain


def unpack(shipment: Shipment, sound: Path, noise: Path | None, root: str) -> Cell:
    """Return the cell as it is run on this machine.

    Args:
        shipment: Of the other machine.
        sound: Where its recording was written.
        noise: Where that of the noise was, if it has one.
        root: Folder of our packages on this machine: what lies in them is found there.
    """
    config = moved(shipment["config"], shipment["root"], root)
    path = Path(str(moved(shipment["path"], shipment["root"], root)))
    background = Background(
        shipment["tail_s"],
        shipment["snr_db"],
        _recorded(shipment["noise"], noise) if noise is not None else None,
    )
    variant = Variant(shipment["variant"], path, PipelineConfig.model_validate(config))
    return Cell(_recorded(shipment["recording"], sound), variant, background)


def _named(recorded: Recorded) -> dict[str, str]:
    return {"name": recorded.name, "digest": recorded.digest}


def _recorded(named: dict[str, str], path: Path) -> Recorded:
    # What is known of it is for the scores, which are made where the journal is.
    return Recorded(named["name"], path, named["digest"], ReferenceLabels())
