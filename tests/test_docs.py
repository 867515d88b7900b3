"""The docs quote what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.cli.pages import refreshed
from pipeline.config import build_graph, load_config
from pipeline.errors import ConfigError, GreenroomError

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_is_what_python_m_pipeline_cli_pages_makes_of_it(page: Path) -> None:
    assert refreshed(page) == page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    ["<!-- begin config -->\n", "<!-- end -->\n", "<!-- begin wire -->\n" * 2 + "<!-- end -->"],
)
def test_a_page_of_which_a_part_has_lost_its_end_is_told(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(GreenroomError, match="write one <!-- end --> after each"):
        refreshed(page)


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


def configs_in(page: Path) -> list[str]:
    """The pieces of configs that a page shows."""
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [each for each in blocks if "actors" in next(yaml.safe_load_all(each))]


LACKS = ("cannot use the certificate", "needs faster-whisper")
"""What is told of a good config whose files and packages are not on this machine."""
SHOWN = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("*.md"))
    for number, text in enumerate(configs_in(page))
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_config_that_a_page_shows_is_good(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"\$([A-Z_]+)", text):
        monkeypatch.setenv(name, "sqlite:///shown.sqlite3" if "DATABASE" in name else "secret")
    for each in (*(ROOT / "configs").glob("*.yaml"), *(DOCS / "examples").iterdir()):
        if each.is_file():
            shutil.copy(each, tmp_path)
    shutil.copytree(ROOT / "configs" / "speech", tmp_path / "speech")
    path = tmp_path / "shown.yaml"
    extends = re.search(r"^extends: (.*)", text, re.MULTILINE)
    bases = [Path(extends[1]).name] if extends else ["gateway.yaml", "robot.yaml", "demo.yaml"]
    problems = []
    for base in bases:
        rest = re.sub(r"^extends: .*\n", "", text, flags=re.MULTILINE)
        path.write_text(f"extends: {base}\n{rest}", encoding="utf-8")
        try:
            build_graph(load_config(path), path)
            return
        except ConfigError as error:
            if any(lack in str(error) for lack in LACKS):
                return
            problems.append(str(error))
    pytest.fail("\n".join(problems))
