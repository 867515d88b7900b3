"""`greenroom simulate`: the simulator in the foreground."""

from __future__ import annotations

import asyncio
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from pipeline.errors import did_you_mean
from pipeline.outlets import Outputs
from pipeline.yaml_text import YamlError, parse_yaml

if TYPE_CHECKING:
    from actors.simulator import SimulatorOptions

# google-genai from 3.0 on asks for v1 unless it is told otherwise, where aliases do not exist.
API_VERSION = "v1beta"

ScenarioOption = Annotated[
    str | None, typer.Option(help="Name of a scenario that comes along, or a YAML file.")
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")]
SttOption = Annotated[
    str, typer.Option("--stt", "--ears", help="moonshine understands speech, none does not.")
]
TtsOption = Annotated[str, typer.Option("--tts", "--voice", help="hibari speaks, tone only hums.")]
SpeedOption = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Slowest and fastest delivery of answers, in times real time."),
]
KeyOption = Annotated[
    list[str] | None, typer.Option("--key", help="A key that is accepted; without one any is.")
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME=FAMILY", help="Another model: x=live-3.8, y=text-3."),
]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.")]
CertificatesOption = Annotated[
    Path | None,
    typer.Option(help="Folder for a certificate authority that stays the same from run to run."),
]
NameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--certificate-name",
        metavar="HOST",
        help="The certificate is also for this host, say generativelanguage.googleapis.com.",
    ),
]
OtherOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any option that the simulator has in a pipeline, say connection_s=60; null is none.",
    ),
]


def simulate(
    scenario: ScenarioOption = None,
    port: PortOption = 0,
    stt: SttOption = "moonshine",
    tts: TtsOption = "hibari",
    answer_speed: SpeedOption = None,
    key: KeyOption = None,
    model: ModelOption = None,
    seed: SeedOption = 0,
    certificates: CertificatesOption = None,
    certificate_name: NameOption = None,
    other: OtherOption = None,
) -> None:
    """Serve the Gemini wire protocol on this machine until Control-C.

    Prints lines that any shell can evaluate; with them any google-genai program, whatever its
    key, talks to the simulator, and so do Node and Python's requests.
    """
    from actors.simulator import SimulatorOptions

    given: dict[str, Any] = {
        "scenario": scenario,
        "port": port,
        "stt": stt,
        "tts": tts,
        "answer_speed": answer_speed,
        "keys": key or None,
        "models": _models(model or []),
        "seed": seed,
        "certificates": certificates,
        "certificate_names": certificate_name or [],
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    others = _others(other or [])
    try:
        options = SimulatorOptions.model_validate(chosen | others)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if name in others:
            raise typer.BadParameter(f"{name}: {first['msg']}", param_hint="--set") from None
        raise typer.BadParameter(first["msg"], param_hint=_option(name)) from None
    with Outputs() as outputs:
        outputs.start()
        asyncio.run(_serve(options))


async def _serve(options: SimulatorOptions) -> None:
    from actors.simulator import SimulatorServer

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with SimulatorServer(options) as server:
        lines = {
            "SSL_CERT_FILE": server.ca_file,
            "GOOGLE_GEMINI_BASE_URL": server.base_url,
            "NODE_EXTRA_CA_CERTS": server.authority_file,
            "REQUESTS_CA_BUNDLE": server.ca_file,
            "GOOGLE_GENAI_API_VERSION": API_VERSION,
        }
        exports = [f"export {name}={shlex.quote(str(value))}" for name, value in lines.items()]
        typer.echo("\n".join(exports))
        typer.echo(f"Gemini simulator on {server.base_url}; Control-C ends it.", err=True)
        await stopped.wait()


def _option(name: str) -> str:
    """The option of the command that is `name` in a pipeline."""
    singular = {"keys": "key", "models": "model", "certificate_names": "certificate-name"}
    return f"--{singular.get(name, name.replace('_', '-'))}"


def _others(given: list[str]) -> dict[str, Any]:
    from actors.simulator import SimulatorOptions

    others: dict[str, Any] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or name not in SimulatorOptions.model_fields:
            hint = did_you_mean(name, SimulatorOptions.model_fields)
            raise typer.BadParameter(f"{each!r}: write NAME=VALUE; {hint}", param_hint="--set")
        try:
            others[name] = parse_yaml(value)
        except YamlError as error:
            raise typer.BadParameter(f"{value!r} is no YAML: {error}", param_hint="--set") from None
    return others


def _models(given: list[str]) -> dict[str, str]:
    models: dict[str, str] = {}
    for each in given:
        name, separator, family = each.partition("=")
        if not name or not separator or not family:
            raise typer.BadParameter(
                f"{each!r}: write NAME=FAMILY, such as my-model=live-3.8", param_hint="--model"
            )
        models[name.removeprefix("models/")] = family
    return models
