"""What the lists of the peers' packages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import environment


@pytest.fixture(autouse=True)
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["peer==1.2", 'peer-extra==3.4; python_version >= "3.13"', "peer-more==5.6 ; any"]
    (tmp_path / "peer.txt").write_text("\n".join(lines))
    monkeypatch.setattr(environment, "HERE", tmp_path)


@pytest.mark.parametrize(
    ("package", "version"), [("peer", "1.2"), ("peer-extra", "3.4"), ("peer-more", "5.6")]
)
def test_a_version_is_read_with_or_without_a_marker(package: str, version: str) -> None:
    assert environment.pinned("peer", package) == version


def test_a_package_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"extra is not in peer\.txt"):
        environment.pinned("peer", "extra")
