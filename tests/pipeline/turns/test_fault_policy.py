"""The one table of what a fault means: whole, without contradictions, and the only one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipeline.frames import FaultClass
from pipeline.turns.fault_policy import POLICIES, Cause, Lasts, OfKey, Reach

ROOT = Path(__file__).parents[3]


def test_every_class_of_fault_has_its_line() -> None:
    assert set(POLICIES) == set(FaultClass)


@pytest.mark.parametrize("fault", FaultClass)
def test_a_line_does_not_contradict_itself(fault: FaultClass) -> None:
    policy = POLICIES[fault]
    assert policy.cool_down_s >= 0
    if policy.asks_again:
        assert policy.heals_in_time
        assert policy.lasts is Lasts.A_MOMENT
    if policy.of_key is OfKey.FULL:
        assert policy.reach is Reach.SESSION, "those that have their place go on"
    elif policy.of_key is not OfKey.NOTHING:
        assert policy.reach is Reach.EVERYBODY, "all sessions have the same keys"
    if policy.of_key is not OfKey.NOTHING:
        assert not policy.heals_in_time
    if policy.cause is Cause.REQUEST:
        assert policy.reach is Reach.SESSION, "nobody else made that request"
    if policy.of_key is OfKey.REFUSED:
        assert policy.cause is Cause.SERVICE, "such a key serves for no model"
    if policy.lasts is Lasts.UNTIL_MENDED:
        assert policy.cool_down_s >= 3600
        assert not policy.heals_in_time


def test_no_other_file_holds_a_table_of_faults() -> None:
    tables = {
        str(path.relative_to(ROOT))
        for folder in ("pipeline", "actors")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _faults_listed(node) > 1
    }
    assert tables == {"pipeline/turns/fault_policy.py"}


def _faults_listed(node: ast.AST) -> int:
    """How many classes of fault stand side by side in a tuple, list, set, dict or pattern."""
    listed: list[ast.expr | None] = []
    match node:
        case ast.Dict(keys=keys):
            listed = keys
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            listed = list(elements)
        case ast.MatchOr(patterns=patterns):
            listed = [each.value for each in patterns if isinstance(each, ast.MatchValue)]
    return sum(
        isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "FaultClass"
        for each in listed
    )
