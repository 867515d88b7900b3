"""What `--on` names, and which nodes may take our work."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.scale.identity import NodeIdentity, misfit, moved, own_identity, sources_digest
from actors.scale.place import RayPlace, parse_place
from pipeline.errors import GreenroomError

OWN = NodeIdentity("here", "1.2", "abc", "3.13.0", "/here", "token")


@pytest.mark.parametrize(
    ("text", "address", "head"),
    [
        ("ray", None, None),
        ("ray:auto", "auto", None),
        ("ray:10.0.0.7", "10.0.0.7:6379", ("10.0.0.7", 6379)),
        ("ray:head.lan:6380", "head.lan:6380", ("head.lan", 6380)),
        ("ray:[fd00::1]", "[fd00::1]:6379", ("fd00::1", 6379)),
        ("ray:[fd00::1]:6380", "[fd00::1]:6380", ("fd00::1", 6380)),
    ],
)
def test_a_place_is_a_cluster_of_ray(
    text: str, address: str | None, head: tuple[str, int] | None
) -> None:
    place = parse_place(text)
    assert place == RayPlace(address)
    assert place.head == head


@pytest.mark.parametrize(
    "text", ["", "rey", "dask:host", "ray:", "ray::6379", "ray:host:port", "ray:host:0", "ray:h:"]
)
def test_what_names_no_place_is_told_what_does(text: str) -> None:
    with pytest.raises(GreenroomError, match=r"write ray, ray:auto or ray:HOST:6379"):
        parse_place(text)


@pytest.mark.parametrize("text", ["ray://host:10001", "ray:ray://host:10001"])
def test_the_client_protocol_is_told_of_the_way_that_works(text: str) -> None:
    with pytest.raises(GreenroomError, match=r"ray start --address=HOST:6379 --num-cpus=0"):
        parse_place(text)


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({}, ""),
        ({"host": "there", "root": "/there"}, ""),
        ({"greenroom": ""}, "has no greenroom: install 1.2 there"),
        ({"greenroom": "1.1"}, "has greenroom 1.1, and this machine 1.2"),
        ({"python": "3.12.1"}, "has Python 3.12.1, and this machine 3.13.0"),
        (
            {"sources": "abd", "root": "/there"},
            r"has greenroom 1.2 of other source files \(/there, here /here\)",
        ),
        ({"auth": ""}, "takes work from anybody who reaches it: start it with RAY_AUTH_MODE=token"),
    ],
)
def test_a_node_that_does_not_fit_is_named_with_what_to_do(
    other: dict[str, str], problem: str
) -> None:
    found = misfit(OWN._replace(**other), OWN)
    if not problem:
        assert not found
        return
    with pytest.raises(GreenroomError, match=f"^node here {problem}"):
        raise GreenroomError(found)


def test_who_wants_no_token_is_not_asked_for_one() -> None:
    assert not misfit(OWN._replace(auth=""), OWN._replace(auth="disabled"))


def test_the_same_sources_elsewhere_are_the_same(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "actors" / "x").mkdir(parents=True)
        (tmp_path / folder / "actors" / "x" / "y.py").write_text("1")
    first, second = ([tmp_path / each / "actors"] for each in "ab")
    assert sources_digest(first) == sources_digest(second)
    (tmp_path / "b" / "actors" / "x" / "y.py").write_text("2")
    assert sources_digest(first) != sources_digest(second)
    assert own_identity() == own_identity()


def test_paths_of_the_packages_are_found_where_they_lie_on_a_node() -> None:
    tree = {"a": ["/old/configs/x.wav", "/older/x", {"b": "/old"}], "c": 3, "d": None}
    assert moved(tree, "/old", "/new") == {
        "a": ["/new/configs/x.wav", "/older/x", {"b": "/new"}],
        "c": 3,
        "d": None,
    }
