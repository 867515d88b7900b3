"""What is kept of a conversation for those who may take it up again."""

from __future__ import annotations

import tracemalloc

import pytest

from actors.simulator import conversation as module
from actors.simulator.conversation import ConversationRecord, Handles

TURNS = 1_000


def talk(handles: Handles, conversation: ConversationRecord, turns: int) -> str:
    """Say so many things, with a handle after each; return the newest."""
    handle = ""
    for number in range(turns):
        conversation.add("user", f"question {number}")
        conversation.add("model", f"answer {number}")
        handle = handles.issue(1, conversation)
    return handle


def test_a_turn_late_in_a_conversation_takes_no_more_memory_than_an_early_one() -> None:
    handles, conversation = Handles(), ConversationRecord()
    tracemalloc.start()
    try:
        talk(handles, conversation, TURNS)
        early = tracemalloc.get_traced_memory()[0]
        talk(handles, conversation, 3 * TURNS)
        late = tracemalloc.get_traced_memory()[0] - early
    finally:
        tracemalloc.stop()
    assert late < 3 * early * 1.5


def test_a_handle_stands_for_the_conversation_as_it_was() -> None:
    handles, conversation = Handles(), ConversationRecord()
    handle = talk(handles, conversation, 1)
    conversation.add("user", "and then?")
    conversation.tokens["TEXT"] = 7
    found = handles.find(handle)
    assert found is not None
    assert [entry.text for entry in found.entries] == ["question 0", "answer 0"]
    assert not found.tokens
    found.add("user", "from here on otherwise")
    again = handles.find(handle)
    assert again is not None
    assert len(again.entries) == 2
    assert len(conversation.entries) == 3


def test_the_oldest_of_too_many_handles_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_HANDLES", 3)
    handles, conversation = Handles(), ConversationRecord()
    issued = [talk(handles, conversation, 1) for _ in range(5)]
    assert [handles.find(handle) is not None for handle in issued] == [False] * 2 + [True] * 3


def test_a_handle_that_is_too_old_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    handles, conversation = Handles(), ConversationRecord()
    old = talk(handles, conversation, 1)
    monkeypatch.setattr(module, "HANDLE_LIFE_S", 0.0)
    assert handles.find(old) is None
    monkeypatch.undo()
    assert handles.find(old) is None
