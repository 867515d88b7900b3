"""Actors that import the same are forked from one process, so that they share it in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.run import load_graph
from pipeline.launch.fork_client import Nursery
from pipeline.supervision.process_table import Crew

ROBOT = Path(__file__).parents[3] / "configs" / "robot.yaml"


@pytest.mark.parametrize(
    ("route", "beside_the_first"),
    [
        ("live,http,device", {"live", "http"}),
        ("http,live,device", {"live", "http"}),
        ("device,live,http", {"device"}),
    ],
)
def test_the_first_backend_shares_its_fork_server_with_those_that_import_the_same(
    route: str, beside_the_first: set[str]
) -> None:
    graph = load_graph(ROBOT, [f"route.backends=[{route}]"], look_outside=False)
    nursery, of_backends = Nursery.__new__(Nursery), Nursery.__new__(Nursery)
    crew = Crew(graph, nursery, of_backends, 0, lambda _keeper: None)
    assert {each.name for each in crew if each.nursery is of_backends} == beside_the_first
    assert {each.nursery for each in crew} == {nursery, of_backends}
