"""The database of the gateway in a config, for commands."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from actors.gateway import Gateway
from actors.gateway.options import GatewayOptions
from actors.gateway.store.database import Database, Work
from actors.gateway.store.url import database_url
from pipeline.config.graph import Graph
from pipeline.errors import ConfigError

T = TypeVar("T")


def in_database(graph: Graph, work: Work[T], *, settles: bool = False) -> T:
    """Do something in the database of a pipeline's gateway, whether the pipeline runs or not.

    Args:
        graph: Of the config.
        work: What to do.
        settles: Something was erased, and nothing of it is to stay in SQLite's newest changes.

    Raises:
        GreenroomError: there is no gateway, or its database cannot be used.
    """
    gateways = [node for node in graph.nodes.values() if issubclass(node.actor_class, Gateway)]
    if not gateways:
        path = graph.path
        raise ConfigError(f"{path}: no gateway in it: name the config of yours with --config")
    options: Any = gateways[0].actor_class.options_type.model_validate(gateways[0].config.options)
    assert isinstance(options, GatewayOptions)
    graph.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(database_url(options.database, graph.state_dir))

    async def run() -> T:
        done = await database.run(work)
        if settles:
            await database.settle()
        return done

    try:
        return asyncio.run(run())
    finally:
        database.close()
