"""The simulator as an actor: a stand-in for Gemini within a pipeline."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.simulator.capabilities import capabilities
from actors.simulator.options import SimulatorOptions
from actors.simulator.scenario import load_scenario
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.files import write_whole
from pipeline.surroundings import Surroundings

if TYPE_CHECKING:
    from actors.simulator.server import SimulatorServer

ADDRESS_FILE = "simulator.json"
# Any key is good unless the options name some; this one is what the pipeline itself uses.
DEFAULT_KEY = "simulated"
MODULES = {"moonshine": "moonshine_voice", "hibari": "hibari", "voices": "hibari"}


class Simulator(Actor[SimulatorOptions]):
    """Has no ports: `simulator.json` in the runtime folder says where it is."""

    options_type = SimulatorOptions
    preload = ("h11", "numpy", "trustme", "websockets.server", "yaml")

    def __init__(self, options: SimulatorOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._server: SimulatorServer | None = None
        self._files: dict[Path, bytes] = {}

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Raises ConfigError for a bad scenario, a family of models or a missing package."""
        assert isinstance(options, SimulatorOptions)
        capabilities().with_models(options.models)
        load_scenario(_relative_to(options, config_dir).scenario)
        for choice in (options.stt, options.tts, "trustme", "h11"):
            module = MODULES.get(choice, choice)
            if choice not in {"none", "tone", "script"} and find_spec(module) is None:
                raise ConfigError(
                    f"the simulator needs the package {module}; "
                    "install greenroom with its extra: pip install 'greenroom[simulator]'"
                )

    async def start(self) -> None:
        """Loads speech models, listens, and then writes the address."""
        from actors.simulator.server import SimulatorServer

        runtime_dir = self.surroundings.runtime_dir
        options = _relative_to(self.options, self.surroundings.config_dir)
        self._server = SimulatorServer(options, client_files=runtime_dir / "simulator-tls")
        await self._server.start()
        address = {
            "base_url": self._server.base_url,
            "ca_file": str(self._server.authority_file),
            "api_key": options.keys[0] if options.keys else DEFAULT_KEY,
        }
        authority = self._server.authority_file
        self._files = {
            authority: authority.read_bytes(),
            runtime_dir / ADDRESS_FILE: json.dumps(address).encode(),
        }
        self.runtime_dir_made_again()

    def runtime_dir_made_again(self) -> None:
        """Write where the simulator is, and by which certificate it is known."""
        for path, content in self._files.items():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, content, durable=False)

    async def stop(self) -> None:
        (self.surroundings.runtime_dir / ADDRESS_FILE).unlink(missing_ok=True)
        if self._server is not None:
            await self._server.stop()


def _relative_to(options: SimulatorOptions, folder: Path) -> SimulatorOptions:
    scenario = options.scenario
    if scenario is None or Path(scenario).suffix not in {".yaml", ".yml"}:
        return options
    return options.model_copy(update={"scenario": folder / scenario})
