"""The manifest of docs/kubernetes.md: what it names is there, and its times fit the room's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.testing
import yaml
from gateway_client import exchanged, gateway_on_stage

from actors.cli.app import make_greenroom
from actors.gateway.options import GatewayOptions
from pipeline.cli.run import load_graph

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
CONFIG, MANIFEST = (each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
DEPLOYMENT, SERVICE, SCALED = yaml.safe_load_all(MANIFEST)
POD = DEPLOYMENT["spec"]["template"]["spec"]
(ROOM,) = POD["containers"]


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GatewayOptions:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///rooms.sqlite3")
    path = tmp_path / "rooms.yaml"
    path.write_text(CONFIG.replace("gateway.yaml", str(ROOT / "configs" / "gateway.yaml")))
    graph = load_graph(path, overrides({"POD_NAME": "rooms-1", "POD_IP": "10.1.2.3"}))
    found = GatewayOptions.model_validate(graph.nodes["gateway"].config.options)
    assert "simulator" not in graph.nodes
    assert graph.config.supervision.stop_deadline_s == 30
    return found


def overrides(environment: dict[str, str]) -> list[str]:
    """Return what the manifest sets, its variables replaced as Kubernetes does."""
    words = ROOM["args"]
    assert words[:3] == ["run", "/etc/greenroom/rooms.yaml", "--plain"]
    assert words[3::2] == ["--set"] * (len(words[3:]) // 2)
    return [
        re.sub(r"\$\((\w+)\)", lambda found: environment[found[1]], each) for each in words[4::2]
    ]


def test_each_pod_is_a_room_of_its_own(options: GatewayOptions) -> None:
    assert (options.room, options.address) == ("rooms-1", "http://10.1.2.3:3000")
    named = {each["name"] for each in ROOM["env"]}
    assert named == {"POD_NAME", "POD_IP"}


def test_the_port_is_the_gateway_s(options: GatewayOptions) -> None:
    assert [each["containerPort"] for each in ROOM["ports"]] == [options.port]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == ROOM["ports"][0]["name"]
    assert SERVICE["spec"]["selector"] == DEPLOYMENT["spec"]["selector"]["matchLabels"]


def test_the_room_is_waited_for_as_long_as_a_conversation_may_last(options: GatewayOptions) -> None:
    command = ROOM["lifecycle"]["preStop"]["exec"]["command"][-1].split()
    assert command[:3] == ["greenroom", "rooms", "drain"]
    waits_s = float(command[command.index("--wait") + 1])
    assert waits_s >= options.session_s
    # After preStop the turns under way are finished, and then all actors are stopped.
    assert POD["terminationGracePeriodSeconds"] >= waits_s + 30 + 5


def test_the_command_that_empties_it_is_one_of_ours() -> None:
    words = ["rooms", "drain", "--help"]
    shown = typer.testing.CliRunner().invoke(make_greenroom(), words, env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "--wait" in shown.stdout
    assert "--config" in shown.stdout


def test_there_is_a_room_more_as_soon_as_one_is_full(options: GatewayOptions) -> None:
    (trigger,) = SCALED["spec"]["triggers"]
    assert int(trigger["metadata"]["threshold"]) == options.places
    assert SCALED["spec"]["scaleTargetRef"]["name"] == DEPLOYMENT["metadata"]["name"]


def test_what_is_probed_and_counted_is_served() -> None:
    probes = ("startupProbe", "readinessProbe", "livenessProbe")
    paths = {each: ROOM[each]["httpGet"]["path"] for each in probes}
    metric = re.findall(r"greenroom_\w+", SCALED["spec"]["triggers"][0]["metadata"]["query"])
    with gateway_on_stage() as gateway:
        assert _status(gateway, paths["livenessProbe"]) == 200
        assert _status(gateway, paths["readinessProbe"]) in (200, 503)
        assert paths["startupProbe"] == paths["readinessProbe"]
        assert len(metric) == 1
        _, text, _ = gateway.meanwhile(lambda: exchanged(f"http://{gateway.url}/metrics", "GET"))
        assert f"\n{metric[0]}{{" in text


def _status(gateway: Any, path: str) -> int:
    return int(gateway.request("GET", path)[0])
