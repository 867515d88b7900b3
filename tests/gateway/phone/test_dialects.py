"""What holds for every dialect."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.phone.dialects import DIALECTS

EVENTS = ("start", "media", "dtmf", "mark", "stop", "connected", "clearedAudio", "playedStream")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {"event": st.sampled_from(EVENTS)}, optional=dict.fromkeys(EVENTS, ANYTHING)
)


@pytest.mark.parametrize("name", sorted(DIALECTS))
@settings(max_examples=60, deadline=None)
@given(
    messages=st.lists(
        st.text(max_size=40) | st.binary(max_size=40) | NEARLY.map(json.dumps), max_size=4
    )
)
def test_what_is_broken_raises_nothing(name: str, messages: list[str | bytes]) -> None:
    dialect = DIALECTS[name]()
    for message in messages:
        assert isinstance(dialect.take(message), list)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_its_traits_do_not_contradict_each_other(name: str) -> None:
    traits = DIALECTS[name].traits
    assert DIALECTS[name].name == name
    assert 0 <= traits.least_bytes <= traits.most_bytes
    assert traits.most_bytes % traits.multiple_bytes == 0 or traits.multiple_bytes == 1
    assert traits.unit_ms is None or traits.unit_ms > 0
