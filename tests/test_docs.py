"""The docs quote what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.pages import refreshed

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_is_what_python_m_pipeline_cli_pages_makes_of_it(page: Path) -> None:
    assert refreshed(page) == page.read_text(encoding="utf-8")


def test_the_example_test_of_the_docs_passes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "test_loud.py"],
        cwd=DOCS / "examples",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
