"""The docs quote what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.pages import refreshed
from pipeline.config import build_graph, load_config

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_is_what_python_m_pipeline_cli_pages_makes_of_it(page: Path) -> None:
    assert refreshed(page) == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", sorted(DOCS.glob("examples/test_*.py")), ids=lambda e: e.stem)
def test_an_example_of_the_docs_passes_its_test(example: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", example.name],
        cwd=DOCS / "examples",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_example_of_an_actor_is_20_lines() -> None:
    assert len((DOCS / "examples" / "loud.py").read_text(encoding="utf-8").splitlines()) == 20


@pytest.mark.parametrize("config", sorted(DOCS.glob("examples/*.yaml")), ids=lambda path: path.stem)
def test_an_example_config_is_good(config: Path) -> None:
    build_graph(load_config(config), config)
