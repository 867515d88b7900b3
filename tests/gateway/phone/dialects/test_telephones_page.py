"""What docs/telephones.md lets people paste can be pasted, and every dialect has a place there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from phone_lines import EVERY

PAGE = (Path(__file__).parents[4] / "docs" / "telephones.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_dialect_is_in_the_table(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    traits = EVERY[name].traits
    _, _, _, marks, keys, thrown, ended, _ = (cell.strip() for cell in row.split("|"))
    assert (marks == "our clock") == (not traits.marks)
    assert keys.endswith("/ yes") == traits.keys_out
    assert (thrown == "yes") == traits.clears
    assert ("REST" in ended, "socket closed" in ended) == (
        traits.hang_up.name == "REST",
        traits.hang_up.name == "CLOSE",
    )


def test_its_json_and_xml_can_be_read() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("json") >= 3
    assert kinds.count("xml") >= 4
    for kind, text in BLOCKS:
        if kind == "json":
            json.loads(text)
        elif kind == "xml":
            ElementTree.fromstring(text)


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"audiosocket", "exotel"}))
def test_every_address_is_that_of_a_dialect(name: str) -> None:
    assert f"wss://voice.example.org/phone/{name}" in PAGE or f"`/phone/{name}`" in PAGE
    for found in re.findall(r"voice\.example\.org/phone/([\w-]+)", PAGE):
        assert found in EVERY
