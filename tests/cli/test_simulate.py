"""Options of `greenroom simulate` that are wrong, each with what to do."""

import pytest
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "mine"], "write NAME=FAMILY"),
        (["--model", "=live-3.8"], "write NAME=FAMILY"),
        (["--answer-speed", "5", "1"], "slowest speed first"),
        (["--stt", "parrot"], "--stt"),
    ],
)
def test_wrong_option_is_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(make_greenroom(), ["simulate", *arguments], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in done.output


def test_family_that_is_not_there_is_named_with_the_nearest() -> None:
    done = CliRunner().invoke(make_greenroom(), ["simulate", "--model", "x=live-3.9"])
    assert isinstance(done.exception, ConfigError)
    assert "did you mean 'live-3.8'" in str(done.exception)
