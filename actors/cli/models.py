"""`greenroom models`."""

from __future__ import annotations

import asyncio

from rich import box
from rich.console import Console
from rich.table import Table

from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    close_reason_of,
    network_errors,
    not_json,
)
from actors.backends.gemini.credentials import find_keys, folders_here
from actors.backends.gemini.faults import CloseReason, FaultSource, classify
from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.models import ListedModel, list_models
from actors.backends.gemini.server import Server, proxy_to
from pipeline.errors import GreenroomError


def models_command() -> None:
    """Print the models the key may use, those for live conversations first."""
    table = Table("model", "live conversation", "tokens in", "out", box=box.SIMPLE_HEAD)
    for model in sorted(asyncio.run(_models()), key=lambda model: (not model.live, model.name)):
        table.add_row(
            model.name,
            "yes" if model.live else "",
            f"{model.input_tokens or ''}",
            f"{model.output_tokens or ''}",
        )
    Console().print(table)


async def _models() -> list[ListedModel]:
    options = LiveOptions()
    keys = find_keys(options.api_key_env, folders_here())
    via = ""
    try:
        server = Server(keys, proxy=proxy_to(None))
        via = server.via
        return await list_models(live_client(server, options))
    except ConnectionOverError as error:
        raise GreenroomError(str(classify(error.close_reason))) from error
    except network_errors() as error:
        raise GreenroomError(str(classify(close_reason_of(error, via)))) from error
    except ODD_FRAMES as error:
        reason = CloseReason(FaultSource.LOCAL, None, f"the list of models is {not_json(error)}")
        raise GreenroomError(str(classify(reason))) from error
