"""`greenroom models`."""

from __future__ import annotations

import asyncio

from rich import box
from rich.console import Console
from rich.table import Table


def models_command() -> None:
    """Print the models the key may use."""
    from actors.live.models import list_models

    table = Table("model", "live", "text and tools", "tokens in", "out", box=box.SIMPLE_HEAD)
    for model in asyncio.run(list_models()):
        table.add_row(model.name)
    Console().print(table)
