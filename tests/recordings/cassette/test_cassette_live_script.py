"""From what a backend published to what its Live service must have sent."""

from __future__ import annotations

import base64

from happened import (
    began,
    call,
    cancel,
    cost,
    fault,
    happened,
    heard,
    over,
    result,
    said,
    sound,
    status,
    words,
)

from actors.recordings.cassette.live_script import live_script
from actors.recordings.cassette.service_script import (
    Await,
    Item,
    LiveScript,
    Responded,
    Send,
    ServiceClose,
    UserBegan,
    UserSaid,
)
from pipeline.frames import (
    AnswerEnd,
    BackendState,
    FaultClass,
    Outcome,
    ToolOffer,
    TurnClosed,
)

ONE, TWO = b"\1\0", b"\2\0"
GENERATED = {"generationComplete": True}
COMPLETE = {"turnComplete": True}
INTERRUPTED = {"interrupted": True}


def content(item: Item) -> object:
    """What an item comes to, without its time."""
    if not isinstance(item, Send):
        return item
    return item.message.get("serverContent", item.message)


def contents(connection: LiveScript) -> list[object]:
    return [content(item) for item in connection.items]


def chunk(pcm: bytes) -> object:
    data = base64.b64encode(pcm).decode()
    blob = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    return {"modelTurn": {"role": "model", "parts": [blob]}}


def test_an_answer_is_said_once_its_turn_was_said() -> None:
    (connection,) = live_script(
        happened(
            (0.0, status()),
            (1.0, began("a")),
            (3.0, said("a")),
            (3.1, heard("a", "Hello.")),
            (3.2, words("a", "Hi.")),
            (3.3, sound("a", ONE)),
            (3.4, sound("a", TWO, 1)),
            (3.5, cost("a", 7)),
            (3.6, heard("a", "", final=True)),
            (3.6, words("a", "", final=True)),
            (3.6, over("a")),
        )
    )
    usage = {
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
        "responseTokensDetails": [],
        "totalTokenCount": 7,
    }
    assert contents(connection) == [
        Await(UserSaid("a")),
        {"inputTranscription": {"text": "Hello."}},
        {"outputTranscription": {"text": "Hi."}},
        chunk(ONE),
        chunk(TWO),
        {"usageMetadata": usage},
        GENERATED,
        COMPLETE,
    ]
    times = [round(item.after_s, 3) for item in connection.items if isinstance(item, Send)]
    assert times == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6]


def test_what_follows_a_tools_result_waits_for_it_and_what_does_not_follow_does_not() -> None:
    (connection,) = live_script(
        happened(
            (0.0, status()),
            (1.0, said("a")),
            (1.1, call("a", "c1")),
            (1.2, words("a", "One moment.")),
            (1.3, result("a", "c1")),
            (1.4, sound("a", ONE)),
            (1.5, over("a")),
        )
    )
    asked = {"id": "c1", "name": "move", "args": {"distance_m": 1}}
    assert contents(connection) == [
        Await(UserSaid("a")),
        {"toolCall": {"functionCalls": [asked]}},
        {"outputTranscription": {"text": "One moment."}},
        Await(Responded("c1")),
        chunk(ONE),
        GENERATED,
        COMPLETE,
    ]


def test_an_answer_is_interrupted_once_the_user_speaks_again() -> None:
    (connection,) = live_script(
        happened(
            (0.0, status()),
            (1.0, said("a")),
            (1.1, call("a", "c1")),
            (1.2, sound("a", ONE)),
            (1.3, began("b")),
            (1.4, words("a", "", final=True)),
            (1.4, over("a", AnswerEnd.INTERRUPTED)),
            (1.5, cancel("a", "c1")),
            (2.0, said("b")),
            (2.1, over("b", AnswerEnd.EMPTY, 0)),
        )
    )
    assert contents(connection)[2:] == [
        chunk(ONE),
        Await(UserBegan()),
        INTERRUPTED,
        COMPLETE,
        {"toolCallCancellation": {"ids": ["c1"]}},
        Await(UserSaid("b")),
        COMPLETE,
    ]


def test_words_understood_while_the_user_still_speaks_do_not_wait_for_the_end() -> None:
    (connection,) = live_script(
        happened(
            (0.0, status()),
            (1.0, began("a")),
            (1.5, heard("a", "Go")),
            (2.0, said("a")),
            (2.1, heard("a", " on.", final=True)),
        )
    )
    assert contents(connection) == [
        Await(UserBegan()),
        {"inputTranscription": {"text": "Go"}},
        Await(UserSaid("a")),
        {"inputTranscription": {"text": " on.", "finished": True}},
    ]


def test_a_closed_connection_is_closed_and_the_next_one_says_the_words_anew() -> None:
    first, second = live_script(
        happened(
            (0.0, status()),
            (1.0, said("a")),
            (1.1, heard("a", "Go")),
            (1.5, fault(1011, reason="Internal error")),
            (1.6, status(BackendState.DEGRADED)),
            (2.0, status()),
            (2.1, heard("a", " on.")),
        )
    )
    assert first.items[-1] == ServiceClose(1011, "Internal error", 0.5)
    assert contents(second) == [
        Await(UserSaid("a")),
        {"inputTranscription": {"text": "Go"}},
        {"inputTranscription": {"text": " on."}},
    ]


def test_each_way_to_lose_a_connection_is_played_as_it_was() -> None:
    table: list[tuple[int | None, FaultClass, list[Item]]] = [
        (1006, FaultClass.NETWORK, [ServiceClose(None, "x", 1.0)]),
        (None, FaultClass.NETWORK, [ServiceClose(None, "x", 1.0)]),
        (None, FaultClass.FROZEN, []),
        (503, FaultClass.TRANSIENT, [Send({"error": {"code": 503, "message": "x"}}, 1.0)]),
    ]
    for code, kind, expected in table:
        (connection,) = live_script(happened((0.0, status()), (1.0, fault(code, kind, "x"))))
        assert connection.items == expected


def test_a_refused_handshake_and_a_closed_setup_are_connections_of_their_own() -> None:
    script = live_script(
        happened(
            (0.1, fault(429, FaultClass.QUOTA, "enough")),
            (0.2, fault(1007, FaultClass.BAD_REQUEST, "no")),
            (0.3, status()),
        )
    )
    assert script == [
        LiveScript(refusal=(429, "enough")),
        LiveScript([ServiceClose(1007, "no")]),
        LiveScript(),
    ]


def test_a_planned_move_begins_with_the_services_announcement() -> None:
    first, second = live_script(
        happened((0.0, status()), (5.0, status(BackendState.DEGRADED)), (5.1, status()))
    )
    assert first.items == [Send({"goAway": {"timeLeft": "0s"}}, 5.0)]
    assert second.items == []


def test_a_move_that_the_client_wanted_itself_is_not_announced() -> None:
    elsewhere = TurnClosed(turn="a", outcome=Outcome.ANSWERED, by="http")
    for news in (elsewhere, ToolOffer(tools=[])):
        first, _ = live_script(
            happened(
                (0.0, status()), (4.0, news), (5.0, status(BackendState.DEGRADED)), (5.1, status())
            )
        )
        assert first.items == []


def test_a_fault_that_came_before_the_recorder_is_read_from_the_status() -> None:
    trouble = status(BackendState.UNAVAILABLE).model_copy(update={"reason": "quota 429: enough"})
    assert live_script(happened((0.1, trouble))) == [LiveScript(refusal=(429, "enough"))]
    told = fault(429, FaultClass.QUOTA, "enough")
    assert len(live_script(happened((0.1, told), (0.2, trouble), (9.0, trouble)))) == 2
