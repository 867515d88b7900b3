"""Options of `greenroom simulate` that are wrong, each with what to do."""

import pytest
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from actors.simulator import SimulatorOptions
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "mine"], "write NAME=FAMILY"),
        (["--model", "=live-3.8"], "write NAME=FAMILY"),
        (["--answer-speed", "5", "1"], "slowest speed first"),
        (["--stt", "parrot"], "--stt"),
        (["--set", "conection_s=60"], "did you mean 'connection_s'"),
        (["--set", "connection_s"], "write NAME=VALUE"),
        (["--set", "playback_speed=fast"], "--set: playback_speed: Input should be"),
        (["--set", "seed=soon"], "--set: seed: Input should be"),
        (["--port", "70000"], "--port"),
        (["--set", "models={"], "is no YAML"),
    ],
)
def test_wrong_option_is_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(make_greenroom(), ["simulate", *arguments], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in done.output


def test_option_of_a_pipeline_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[SimulatorOptions] = []

    async def serve(options: SimulatorOptions) -> None:
        served.append(options)

    monkeypatch.setattr("actors.cli.simulate._serve", serve)
    arguments = ["--set", "connection_s=60", "--set", "filler=Well.", "--model", "x=live-3.8"]
    done = CliRunner().invoke(make_greenroom(), ["simulate", *arguments])
    assert done.exit_code == 0, done.output
    (options,) = served
    assert (options.connection_s, options.filler, options.models) == (
        60,
        "Well.",
        {"x": "live-3.8"},
    )


def test_family_that_is_not_there_is_named_with_the_nearest() -> None:
    done = CliRunner().invoke(make_greenroom(), ["simulate", "--model", "x=live-3.9"])
    assert isinstance(done.exception, ConfigError)
    assert "did you mean 'live-3.8'" in str(done.exception)
