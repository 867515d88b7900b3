"""`greenroom simulate`: the simulator in the foreground."""

from __future__ import annotations

import asyncio
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from actors.simulator import SimulatorOptions

ScenarioOption = Annotated[
    str | None, typer.Option(help="Name of a scenario that comes along, or a YAML file.")
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")]
SttOption = Annotated[
    str, typer.Option("--stt", "--ears", help="moonshine understands speech, none does not.")
]
TtsOption = Annotated[str, typer.Option("--tts", "--voice", help="hibari speaks, tone only hums.")]


def simulate(
    scenario: ScenarioOption = None,
    port: PortOption = 0,
    stt: SttOption = "moonshine",
    tts: TtsOption = "hibari",
) -> None:
    """Serve the Gemini wire protocol on this machine until Control-C.

    Prints two lines that any shell can evaluate; with them any google-genai program, whatever its
    key, talks to the simulator.
    """
    from actors.simulator import SimulatorOptions

    options = SimulatorOptions.model_validate(
        {"scenario": scenario, "port": port, "stt": stt, "tts": tts}
    )
    asyncio.run(_serve(options))


async def _serve(options: SimulatorOptions) -> None:
    from actors.simulator import SimulatorServer

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with SimulatorServer(options) as server:
        typer.echo(_export("SSL_CERT_FILE", server.ca_file))
        typer.echo(_export("GOOGLE_GEMINI_BASE_URL", server.base_url))
        typer.echo(f"Gemini simulator on {server.base_url}; Control-C ends it.", err=True)
        await stopped.wait()


def _export(name: str, value: str | Path) -> str:
    return f"export {name}={shlex.quote(str(value))}"
