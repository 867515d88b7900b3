"""What comes late, unasked or not at all, over the real SDK against the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import KEY, Simulator, Talker, ready, rules_of, simulator, staged

from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Route,
    Side,
    ToolCall,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    UserText,
    is_unasked,
)
from pipeline.testing import ActorHarness

LOOK_UP = {"name": "look_up", "description": "Look something up.", "parameters": None}
(CALL,) = rules_of("f29_late_result")
TIMETABLE = "The timetable says ten past four."
PORTS = {"audio", "speech", "text", "offer", "results"}
NOT_WAITING_MODELS = (
    "gemini-3.8-live",
    "gemini-3.8-live-extended-thinking",
    "gemini-2.5-flash-native-audio-latest",
)
MODELS = (*NOT_WAITING_MODELS, "gemini-3.1-flash-live-preview")
AT_LENGTH = {"when": {"turn": 1}, "do": [{"say": "word " * 100}]}
PATIENT_S = 10.0
"""A machine under load is silent for longer than a service that is not frozen."""
NOT_WAITING = {"tool_behavior": "non_blocking", "first_sound_timeout_s": PATIENT_S}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def respond(live: ActorHarness, call: ToolCall) -> None:  # type: ignore[type-arg]
    result = ToolResult(
        turn=call.turn,
        call_id=call.call_id,
        name=call.name,
        status=ToolStatus.OK,
        response={"leaves": "16:10"},
    )
    live.send("results", result, result)


def words_of(live: ActorHarness, turn: str, side: Side = Side.MODEL) -> str:  # type: ignore[type-arg]
    pieces = [f for f in live.sent["transcript"] if isinstance(f, Transcript)]
    return "".join(f.text for f in pieces if f.turn == turn and f.side is side)


def gone_on(live: ActorHarness, server: Simulator) -> ToolCall:  # type: ignore[type-arg]
    """The user asks for what takes its time, hears the filler, and asks something else."""
    talker = Talker(live)
    talker.say()
    call = live.expect("tool_calls", ToolCall)
    live.expect("audio", AnswerAudio, lambda f: f.turn == call.turn)
    # A service that is interrupted while it makes the filler gives up the function, too.
    turns = server.journal.sessions[0].turns
    live.until(lambda: turns[0].generated_ns > 0, "the end of the filler")
    second = talker.say()
    live.expect("answer", AnswerEnded, lambda f: f.turn == second)
    return call


@pytest.mark.parametrize("model", NOT_WAITING_MODELS)
def test_f29_result_after_the_user_has_gone_on_is_heard_and_told_once(
    tmp_path: Path, model: str
) -> None:
    # A model that tells when it is idle is not, while a function is under way: time tells.
    options = {**NOT_WAITING, "model": model, "first_sound_timeout_s": 5.0}
    with (
        # So slow that the service still plays the filler when the user interrupts it: a model that
        # tells when it is idle does not say that it has ended, and the rest of it is waited for.
        simulator(tmp_path, CALL, playback_speed=2) as server,
        staged(tmp_path, PORTS, **server.address, **options) as live,
    ):
        live.send("offer", ToolOffer(tools=[LOOK_UP]))
        ready(live)
        call = gone_on(live, server)
        respond(live, call)
        late = live.expect("answer", AnswerEnded)
        assert (is_unasked(late.turn), late.end) == (True, AnswerEnd.COMPLETE)
        assert words_of(live, late.turn) == TIMETABLE
        (done,) = server.journal.sessions[0].tool_calls
        assert done.outcome == "answered"
        live.expect_nothing("answer")


def test_f29_result_of_a_call_that_was_open_at_a_goaway_is_told_over_the_next_connection(
    tmp_path: Path,
) -> None:
    goaway = {"when": {"turn": 2}, "session": 1, "do": [{"goaway": {"time_left_s": 60}}]}
    with (
        simulator(tmp_path, CALL, goaway, playback_speed=20) as server,
        staged(tmp_path, PORTS, **server.address, **NOT_WAITING) as live,
    ):
        live.send("offer", ToolOffer(tools=[LOOK_UP]))
        ready(live)
        call = gone_on(live, server)
        ready(live)
        respond(live, call)
        late = live.expect("answer", AnswerEnded, lambda f: is_unasked(f.turn))
        assert late.end is AnswerEnd.COMPLETE
        (told,) = server.journal.sessions[1].texts[-1:]
        assert "look_up" in told
        assert "16:10" in told
        assert server.journal.sessions[1].late_tool_responses == []


def test_f29_result_of_a_call_that_was_open_when_the_process_was_killed_is_told_by_the_next(
    tmp_path: Path,
) -> None:
    with simulator(tmp_path, CALL, playback_speed=20) as server:
        with staged(tmp_path, PORTS, **server.address, **NOT_WAITING) as live:
            live.send("offer", ToolOffer(tools=[LOOK_UP]))
            ready(live)
            call = gone_on(live, server)
        with staged(
            tmp_path, PORTS, checkpoint={"served": True}, **server.address, **NOT_WAITING
        ) as live:
            live.send("offer", ToolOffer(tools=[LOOK_UP]))
            ready(live)
            respond(live, call)
            late = live.expect("answer", AnswerEnded)
            assert (is_unasked(late.turn), late.end) == (True, AnswerEnd.COMPLETE)
            live.expect_nothing("answer")
        (told,) = server.journal.sessions[-1].texts
        assert "16:10" in told


def test_rest_of_an_answer_that_http_began_is_all_that_is_said(tmp_path: Path) -> None:
    ports = {"audio", "speech", "route", "transcript"}
    with simulator(tmp_path) as server, staged(tmp_path, ports, **server.address) as live:
        ready(live)
        live.send("route", Route(session="local", owner="http", epoch=1, reason="for the test"))
        turn = Talker(live).say()
        for side, text in ((Side.USER, "How is it?"), (Side.MODEL, "It is ten.")):
            said = Transcript(turn=turn, epoch=1, backend="http", side=side, text=text)
            live.send("transcript", said)
        rest = {turn: "And it rains."}
        route = Route(session="local", owner="live", epoch=2, reason="", unspoken=rest)
        live.send("route", route)
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        (asked,) = server.journal.sessions[-1].texts
        assert all(words in asked for words in ("How is it?", "It is ten.", "And it rains."))
        assert words_of(live, turn) == "And it rains."
        assert server.stt.heard == []


@pytest.mark.parametrize(("rule", "heard"), [("all", True), ("results", False), ("none", False)])
def test_f30_remark_of_the_service_is_played_or_refused_by_rule(
    tmp_path: Path, rule: str, heard: bool
) -> None:
    with (
        simulator(tmp_path, *rules_of("f30_unasked_remark"), playback_speed=20) as server,
        staged(tmp_path, **server.address, unasked_answers=rule) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say()
        live.expect("answer", AnswerEnded)
        counted = "unasked_played" if heard else "unasked_refused"
        live.until(lambda: live.actor.counters[counted] == 1, "word of what became of it")
        if heard:
            late = live.expect("answer", AnswerEnded)
            assert words_of(live, late.turn) == "Are you still there?"
        second = talker.say()
        assert live.expect("answer", AnswerEnded).turn == second


def test_f31_answer_given_twice_is_heard_once(tmp_path: Path) -> None:
    with (
        simulator(tmp_path, *rules_of("f31_answer_given_twice"), playback_speed=20) as server,
        staged(tmp_path, **server.address) as live,
    ):
        ready(live)
        turn = Talker(live).say()
        assert live.expect("answer", AnswerEnded).turn == turn
        live.until(lambda: live.actor.counters["unasked_refused"] == 1, "the refusal")
        heard = {f.turn for f in live.sent["audio"] if isinstance(f, AnswerAudio)}
        assert heard == {turn}


def test_f32_answer_without_end_comes_to_one_and_the_next_turn_is_answered(tmp_path: Path) -> None:
    with (
        simulator(tmp_path, *rules_of("f32_answer_without_end")) as server,
        staged(tmp_path, **server.address, longest_answer_s=20) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say()
        ended = live.expect("answer", AnswerEnded)
        assert ended.end is AnswerEnd.COMPLETE
        assert 20 <= ended.samples / 24_000 < 30
        ready(live)
        second = talker.say()
        assert live.expect("answer", AnswerEnded).turn == second


@pytest.mark.parametrize(
    ("when", "end"), [({"turn": 1}, AnswerEnd.EMPTY), ({"answer_ms": 200}, AnswerEnd.FAILED)]
)
def test_f10_interruption_though_nobody_spoke_is_no_interruption(
    tmp_path: Path, when: dict[str, int], end: AnswerEnd
) -> None:
    rules = [
        {"when": "setup", "do": [{"slow": 2.0}]},
        {"when": when, "times": 1, "do": ["interrupted"]},
    ]
    with simulator(tmp_path, *rules) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        talker = Talker(live)
        talker.say()
        assert live.expect("answer", AnswerEnded).end is end
        talker.say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE


@pytest.mark.parametrize("model", [each for each in MODELS if "thinking" not in each])
def test_barge_in_after_generation_and_in_mid_playback(tmp_path: Path, model: str) -> None:
    with (
        simulator(tmp_path, AT_LENGTH) as server,
        staged(tmp_path, **server.address, model=model) as live,
    ):
        ready(live)
        talker = Talker(live)
        first = talker.say()
        # All of it is here long before the service takes it to be played.
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        second = talker.say()
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (second, AnswerEnd.COMPLETE)
        outcomes = [turn.outcome for turn in server.journal.sessions[0].turns]
        assert outcomes == ["interrupted", "answered"]
        assert words_of(live, first).split() == ["word"] * 100


def test_barge_in_while_a_model_that_thinks_is_still_played(tmp_path: Path) -> None:
    model = "gemini-3.8-live-extended-thinking"
    with (
        simulator(tmp_path, AT_LENGTH) as server,
        staged(tmp_path, **server.address, model=model) as live,
    ):
        ready(live)
        talker = Talker(live)
        first = talker.say()
        # It says by itself that it is done, once the answer has been played: it may go on.
        live.until(lambda: len(words_of(live, first).split()) >= 102, "the whole answer")
        second = talker.say()
        ends = [live.expect("answer", AnswerEnded) for _ in range(2)]
        assert [(e.turn, e.end) for e in ends] == [
            (first, AnswerEnd.INTERRUPTED),
            (second, AnswerEnd.COMPLETE),
        ]


@pytest.mark.parametrize("model", MODELS)
def test_fragments_are_joined_as_they_were_said(tmp_path: Path, model: str) -> None:
    text = "Well, it is ten o'clock. That's late!"
    rule = {"when": {"turn": 1}, "do": [{"say": text}]}
    with (
        simulator(tmp_path, rule, playback_speed=20, filler="") as server,
        staged(tmp_path, **server.address, model=model) as live,
    ):
        ready(live)
        turn = Talker(live).say()
        live.expect("answer", AnswerEnded)
        assert words_of(live, turn) == text


def test_typed_line_in_mid_playback_is_answered(tmp_path: Path) -> None:
    with simulator(tmp_path, AT_LENGTH) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.send("text", UserText(turn="local:t1", text="Hello."))
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == ("local:t1", AnswerEnd.COMPLETE)


def test_f08_handle_with_which_the_service_hangs_up_costs_no_turn(tmp_path: Path) -> None:
    rules = [
        {"when": {"turn": 1}, "session": 1, "do": [{"goaway": {"time_left_s": 60}}]},
        {"when": "setup", "do": [{"reject_resume": {"code": 1006}}]},
    ]
    fast = {"connect": {"first_s": 0.05}}
    with (
        simulator(tmp_path, *rules, playback_speed=20) as server,
        staged(tmp_path, **server.address, **fast, system_instruction="Be brief. " * 400) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say()
        live.expect("answer", AnswerEnded)
        ready(live)
        second = talker.say()
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (second, AnswerEnd.COMPLETE)
        *_, fresh = server.journal.sessions
        assert fresh.setup["sessionResumption"] == {}
