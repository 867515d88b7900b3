"""A name means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_class_name_is_defined_once() -> None:
    """Names are what a reader searches for: the second of a name says which one it is."""
    defined: defaultdict[str, list[str]] = defaultdict(list)
    for room in ("pipeline", "actors"):
        for path in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    defined[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(defined) > 500, "the rooms were found"
    assert not {name: where for name, where in defined.items() if len(where) > 1}
