"""What `make test` installs is there: a test that needs it and has it not has failed."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent
LEAVING_OUT = {"skip", "skipif", "importorskip", "xfail"}


def left_out(source: str) -> list[int]:
    """Return the lines in which pytest is told to leave something out."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in LEAVING_OUT and _is_pytest(node.value)
    ]


def _is_pytest(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "pytest"


def test_no_test_is_left_out() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in TESTS.rglob("*.py")
        for line in left_out(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_every_way_to_leave_a_test_out_is_noticed() -> None:
    source = """
pytest.skip("no npm")
@pytest.mark.skipif(True, reason="")
@pytest.mark.xfail
def f(): numpy = pytest.importorskip("numpy"); queue.skip()
"""
    assert sorted(left_out(source)) == [2, 3, 4, 5]
