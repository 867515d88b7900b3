"""A turn-based backend hears all, answers what it owns, and ends every answer once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from backend_parrot import (
    SECOND,
    Parrot,
    block,
    end_of,
    ended,
    parrot,
    route,
    samples,
    say,
    staged,
    started,
)

from actors.backends.turnwise.request import AnswerFailedError, AnswerRequest, Heard, Sound, Words
from pipeline.actor import Options
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Image,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    Side,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.testing import ActorHarness, stage

MOVE = {"name": "move", "description": "Moves.", "parameters": {"type": "object"}}


def said(turn: str, text: str, **more: Any) -> Transcript:
    fields = {"epoch": 1, "backend": "live", "side": Side.USER, **more}
    return Transcript(turn=turn, text=text, **fields)


def test_turn_from_before_the_change_is_answered_from_its_sound(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "live", 1)
        turn = say(stage, 640, 3200)
        stage.expect_nothing("audio")
        route(stage, "parrot", 2)
        audio = stage.expect("audio", AnswerAudio)
        assert (audio.turn, audio.epoch, audio.backend, audio.position) == (turn, 2, "parrot", 0)
        end = end_of(stage, turn)
        assert (end.end, end.samples, end.epoch) == (AnswerEnd.COMPLETE, 24_000, 2)
        assert parrot(stage).requests[0].pcm == samples(640, 3200)
        assert stage.actor.gauges["route_to_start_ms"] >= 0


def test_turn_still_spoken_during_the_change_is_answered_when_it_ends(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "live", 1)
        stage.send("audio", *[block(at) for at in range(0, 1600, 320)])
        stage.send("speech", started(320))
        route(stage, "parrot", 2)
        assert not parrot(stage).requests
        stage.send("speech", ended(320, 2240))
        # The end of the turn overtook the last of its sound.
        assert not parrot(stage).requests
        stage.send("audio", block(1600), block(1920))
        assert end_of(stage, "local:320").end is AnswerEnd.COMPLETE
        assert parrot(stage).requests[0].pcm == samples(320, 2240)


def test_sound_that_never_comes_does_not_hold_up_the_answer(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        stage.send("audio", block(0))
        stage.send("speech", ended(0, 640))
        assert end_of(stage, "local:0").end is AnswerEnd.COMPLETE
        assert parrot(stage).requests[0].pcm == samples(0, 320)
        assert stage.actor.counters["turns_cut_short"] == 1


def test_user_who_goes_on_speaking_interrupts_the_answer(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        parrot(stage).go.clear()
        turn = say(stage, 0, 3200)
        stage.expect("audio", AnswerAudio)
        stage.send("speech", started(4800))
        end = end_of(stage, turn)
        assert (end.end, end.samples) == (AnswerEnd.INTERRUPTED, 24_000)
        stage.until(lambda: parrot(stage).gone == [turn], "the answer is given up")
        stage.expect_nothing("answer")


def test_route_lost_in_mid_answer_ends_it_without_a_word(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        parrot(stage).go.clear()
        turn = say(stage, 0, 3200)
        stage.expect("audio", AnswerAudio)
        stage.settle()
        stage.sent["transcript"].clear()
        route(stage, "device", 2)
        parrot(stage).go.set()
        stage.until(lambda: parrot(stage).gone == [turn], "the answer is given up")
        for port in ("answer", "audio", "transcript"):
            stage.expect_nothing(port)


def test_turn_is_answered_once_an_epoch(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        turn = say(stage, 0, 3200)
        end_of(stage, turn)
        stage.send("speech", started(0), ended(0, 3200))
        route(stage, "parrot", 1)
        stage.expect_nothing("answer")
        route(stage, "device", 2)
        route(stage, "parrot", 3)
        assert end_of(stage, turn).epoch == 3
        assert len(parrot(stage).requests) == 2


@pytest.mark.parametrize(
    ("port", "frame"),
    [
        ("turns", TurnClosed(turn="local:0", outcome=Outcome.ANSWERED, by="live")),
        (
            "answers",
            AnswerEnded(turn="local:0", epoch=1, backend="live", end=AnswerEnd.COMPLETE),
        ),
    ],
)
def test_turn_that_has_its_answer_is_left_alone(tmp_path: Path, port: str, frame: Any) -> None:
    with staged(tmp_path) as stage:
        route(stage, "live", 1)
        say(stage, 0, 3200)
        stage.send(port, frame)
        route(stage, "parrot", 2)
        stage.expect_nothing("answer")
        assert not parrot(stage).requests


def test_answer_that_another_backend_broke_off_is_given_anew(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "live", 1)
        turn = say(stage, 0, 3200)
        failed = AnswerEnded(turn=turn, epoch=1, backend="live", end=AnswerEnd.FAILED)
        stage.send("answers", failed)
        route(stage, "parrot", 2)
        assert end_of(stage, turn).end is AnswerEnd.COMPLETE


def test_answer_without_sound_is_empty(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        parrot(stage).lines = [Words("...")]
        assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.EMPTY


def test_failure_says_why(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        parrot(stage).fails = AnswerFailedError("no network")
        end = end_of(stage, say(stage, 0, 3200))
        assert (end.end, end.detail, end.samples) == (AnswerEnd.FAILED, "no network", 24_000)


def test_bug_in_a_backend_ends_the_turn_before_it_ends_the_process(tmp_path: Path) -> None:
    stages: list[ActorHarness[Options]] = []

    def go_wrong() -> None:
        with staged(tmp_path) as stage:
            stages.append(stage)
            route(stage, "parrot", 1)
            parrot(stage).fails = ZeroDivisionError()
            say(stage, 0, 3200)
            stage.until(lambda: bool(stage.sent["answer"]), "the end of the answer")
            stage.settle()

    with pytest.raises(ZeroDivisionError):
        go_wrong()
    (end,) = stages[0].sent["answer"]
    assert isinstance(end, AnswerEnded)
    assert (end.end, end.detail) == (AnswerEnd.FAILED, "internal error")


def test_typed_turn_is_part_of_the_conversation(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        stage.send("text", UserText(turn="local:t1", text="What time is it?"))
        assert stage.expect("transcript", Transcript).text == "What time is it?"
        end_of(stage, "local:t1")
        request = parrot(stage).requests[0]
        assert (request.text, request.pcm) == ("What time is it?", b"")


def test_history_is_what_was_said_and_heard_by_whom_ever(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "live", 1)
        first = say(stage, 0, 3200)
        stage.send("speech", started(6400))
        stage.send(
            "transcript",
            said(first, "Three ", side=Side.MODEL, audio_position=0),
            said("local:6400", "and the second?"),
            said(first, "chapters.", side=Side.MODEL, audio_position=24_000),
            said(first, "What is in the book?"),
        )
        heard = Playback(
            turn=first,
            epoch=1,
            backend="live",
            state=PlaybackState.INTERRUPTED,
            played_samples=20_000,
            at_ns=1,
        )
        stage.send("playback", heard)
        stage.send("audio", *[block(at) for at in range(3200, 8000, 320)])
        stage.send("speech", ended(6400, 8000))
        route(stage, "parrot", 2)
        end_of(stage, "local:6400")
        request = parrot(stage).requests[0]
        assert request.history == (("user", "What is in the book?"), ("model", "Three"))
        # Nobody hears of these words twice.
        sides = [f.side for f in stage.sent["transcript"] if isinstance(f, Transcript)]
        assert Side.USER not in sides


def test_answer_without_end_comes_to_one(tmp_path: Path) -> None:
    with staged(tmp_path, {"audio", "speech", "route"}) as stage:
        route(stage, "parrot", 1)
        parrot(stage).lines = [Sound(SECOND * 200, 24_000)] * 5
        parrot(stage).go.clear()
        answer = end_of(stage, say(stage, 0, 3200))
        assert (answer.end, answer.samples) == (AnswerEnd.COMPLETE, 600 * 24_000)
        assert stage.actor.counters["answers_cut"] == 1


def test_rest_that_has_no_sound_is_handed_on_once_the_beginning_has_been_heard(
    tmp_path: Path,
) -> None:
    with staged(tmp_path, {"audio", "speech", "route", "playback"}) as stage:
        route(stage, "parrot", 1)
        parrot(stage).fails = AnswerFailedError("no sound", "And it rains.")
        # A minute: longer than the test would wait for the clock alone.
        parrot(stage).lines = [Words("It is ten."), Sound(SECOND * 60, 24_000)]
        turn = say(stage, 0, 3200)
        stage.expect("audio", AnswerAudio)
        heard = Playback(
            turn=turn,
            epoch=1,
            backend="parrot",
            state=PlaybackState.PLAYING,
            played_samples=12_000,
            at_ns=1,
        )
        stage.send("playback", heard)
        stage.expect_nothing("answer")
        stage.send("playback", heard.model_copy(update={"played_samples": 60 * 24_000}))
        broken = end_of(stage, turn)
        assert (broken.end, broken.unspoken) == (AnswerEnd.FAILED, "And it rains.")
        rest = {turn: "And it rains."}
        parrot(stage).fails = None
        stage.send("route", Route(owner="parrot", epoch=2, reason="", unspoken=rest))
        end_of(stage, turn)
        assert [each.rest for each in parrot(stage).requests] == ["", "And it rains."]


def test_own_answers_are_history_too(tmp_path: Path) -> None:
    with staged(tmp_path, {"audio", "speech", "route"}) as stage:
        route(stage, "parrot", 1)
        parrot(stage).lines.insert(0, Heard("Hello you"))
        end_of(stage, say(stage, 0, 3200))
        end_of(stage, say(stage, 6400, 8000))
        assert parrot(stage).requests[1].history == (("user", "Hello you"), ("model", "Hello."))


def test_request_holds_the_newest_picture_and_the_tools(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        stage.send("offer", ToolOffer(tools=[MOVE]))
        old, new = (b"\xff\xd8\xff%s\xff\xd9" % age for age in (b"old", b"new"))
        for jpeg in (old, new):
            stage.send("video", Image(jpeg=jpeg, width=4, height=3))
        end_of(stage, say(stage, 0, 3200))
        request = parrot(stage).requests[0]
        assert (request.picture, request.tools) == (new, (MOVE,))


class Caller:
    """Gives an answer that needs a tool."""

    def __init__(self) -> None:
        self.requests: list[AnswerRequest] = []
        self.responses: list[dict[str, Any]] = []

    async def __call__(self, request: AnswerRequest) -> Any:
        self.requests.append(request)
        self.responses.append(await request.call("move", {"distance_m": 1}))
        yield Sound(SECOND, 24_000)


def result(call_id: str, turn: str) -> ToolResult:
    return ToolResult(
        turn=turn, call_id=call_id, name="move", status=ToolStatus.OK, response={"moved": 1}
    )


def test_tool_is_called_and_its_result_awaited(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        caller = parrot(stage).answer = Caller()  # type: ignore[method-assign, assignment]
        route(stage, "parrot", 1)
        turn = say(stage, 0, 3200)
        call = stage.expect("tool_calls", ToolCall)
        assert (call.turn, call.name, call.args) == (turn, "move", {"distance_m": 1})
        stage.expect_nothing("audio")
        stage.send("results", result(call.call_id, turn))
        assert end_of(stage, turn).end is AnswerEnd.COMPLETE
        assert caller.responses == [{"moved": 1}]
        stage.expect_nothing("tool_calls")


@pytest.mark.parametrize("how", ["interrupted", "withdrawn"])
def test_pending_call_is_cancelled_once_with_its_answer(tmp_path: Path, how: str) -> None:
    with staged(tmp_path) as stage:
        parrot(stage).answer = Caller()  # type: ignore[method-assign, assignment]
        route(stage, "parrot", 1)
        turn = say(stage, 0, 3200)
        call = stage.expect("tool_calls", ToolCall)
        if how == "interrupted":
            stage.send("speech", started(6400))
        else:
            route(stage, "device", 2)
        assert stage.expect("tool_calls", ToolCancel).call_id == call.call_id
        stage.send("results", result(call.call_id, turn))
        stage.expect_nothing("tool_calls")


@pytest.mark.parametrize(
    ("status", "spans"), [(ToolStatus.CALLED_OFF, 2), (ToolStatus.OK, 1)], ids=str
)
@pytest.mark.parametrize("first", ["speech", "result"])
def test_what_was_called_off_as_the_user_went_on_is_answered_with_the_rest(
    tmp_path: Path, first: str, status: ToolStatus, spans: int
) -> None:
    """What a tool has done for the first half must not be asked for again with the whole."""
    with staged(tmp_path) as stage:
        caller = parrot(stage).answer = Caller()  # type: ignore[method-assign, assignment]
        route(stage, "parrot", 1)
        turn = say(stage, 0, 3200)
        call = stage.expect("tool_calls", ToolCall)
        outcome = result(call.call_id, turn).model_copy(update={"status": status})
        if first == "result":
            stage.send("results", outcome)
        stage.send("speech", started(6400))
        if first == "speech":
            stage.send("results", outcome)
        stage.send("audio", *[block(at) for at in range(3200, 9600, 320)])
        stage.send("speech", ended(6400, 9600))
        stage.until(lambda: len(caller.requests) == 2, "the second request")
        assert len(caller.requests[1].pcm) // 2 == 3200 * spans


def test_tool_that_another_backend_had_carried_out_is_not_carried_out_again(
    tmp_path: Path,
) -> None:
    with staged(tmp_path) as stage:
        caller = parrot(stage).answer = Caller()  # type: ignore[method-assign, assignment]
        route(stage, "live", 1)
        turn = say(stage, 0, 3200)
        stage.send("results", result("function-call-77", turn))
        route(stage, "parrot", 2)
        assert end_of(stage, turn).end is AnswerEnd.COMPLETE
        assert caller.responses == [{"moved": 1}]
        stage.expect_nothing("tool_calls")


def test_killed_in_mid_answer_it_says_so_and_does_not_answer_again(tmp_path: Path) -> None:
    connected = {"audio", "speech", "route"}
    with staged(tmp_path, connected) as stage:
        route(stage, "parrot", 1)
        parrot(stage).go.clear()
        turn = say(stage, 0, 3200)
        stage.expect("audio", AnswerAudio)
        # What is on the disk now is what a SIGKILL leaves behind.
        left_behind = {file: file.read_bytes() for file in tmp_path.glob("parrot.sqlite3*")}
    assert left_behind
    for file, content in left_behind.items():
        file.write_bytes(content)
    with staged(tmp_path, connected) as stage:
        end = end_of(stage, turn)
        assert (end.end, end.epoch) == (AnswerEnd.FAILED, 1)
        say(stage, 0, 3200)
        route(stage, "parrot", 1)
        stage.expect_nothing("answer")
        assert not parrot(stage).requests


def test_killed_before_the_first_sound_it_answers_and_the_tool_is_carried_out_once(
    tmp_path: Path,
) -> None:
    connected = {"audio", "speech", "route", "results"}
    calls = []
    for life in (1, 2):
        with staged(tmp_path, connected) as stage:
            parrot(stage).answer = Caller()  # type: ignore[method-assign, assignment]
            route(stage, "parrot", 1)
            turn = say(stage, 0, 3200)
            calls.append(stage.expect("tool_calls", ToolCall).call_id)
            if life == 2:
                stage.send("results", result(calls[0], turn))
                assert end_of(stage, turn).end is AnswerEnd.COMPLETE
        if life == 1:
            # A SIGKILL leaves no word of the end behind.
            for file in tmp_path.glob("parrot.sqlite3*"):
                file.unlink()
    # The same name: whoever carries out the call does so once.
    assert calls[0] == calls[1]


def test_history_is_not_written_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()
    dumps = json.dumps

    def noted(value: Any) -> str:
        threads.add(threading.current_thread())
        return dumps(value)

    monkeypatch.setattr("pipeline.store.json.dumps", noted)
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.COMPLETE
        stage.send("turns", TurnClosed(turn="local:0", outcome=Outcome.ANSWERED))
    assert threads
    assert threading.current_thread() not in threads


def test_disk_that_hangs_does_not_hold_up_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    with staged(tmp_path) as stage:
        dumps = json.dumps

        def hangs(value: Any) -> str:
            goes_on.wait(20)
            return dumps(value)

        monkeypatch.setattr("pipeline.store.json.dumps", hangs)
        route(stage, "parrot", 1)
        assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.COMPLETE
        assert not goes_on.is_set()
        goes_on.set()


def test_turns_of_another_run_are_other_turns(tmp_path: Path) -> None:
    connected = {"audio", "speech", "route"}
    for started_ns in (1, 2):
        with staged(tmp_path, connected, started_ns=started_ns) as stage:
            route(stage, "parrot", 1)
            assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.COMPLETE


def test_sessions_do_not_mix(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.open("caller")
        for session in ("local", "caller"):
            stage.send(
                "route", Route(session=session, owner="parrot", epoch=1, reason="for the test")
            )
            pcm = block(0).model_copy(update={"session": session})
            stage.send("audio", pcm)
        parrot(stage).go.clear()
        stage.send("speech", ended(0, 320, "local"), ended(0, 320, "caller"))
        stage.expect("audio", AnswerAudio, lambda f: f.session == "caller")
        stage.send("speech", started(640, "caller"))
        end = stage.expect("answer", AnswerEnded)
        assert (end.session, end.turn) == ("caller", "caller:0")
        stage.expect_nothing("answer")
        ready = {f.session for f in stage.sent["status"] if isinstance(f, BackendStatus)}
        assert ready == {"local", "caller"}


def test_ready_is_said_to_sessions_that_come_later(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.expect("status", BackendStatus, lambda f: f.state is BackendState.READY)
        stage.open("caller")
        stage.send("speech", started(0, "caller"))
        status = stage.expect("status", BackendStatus)
        assert (status.session, status.state) == ("caller", BackendState.READY)


class Restarted(Parrot):
    """Gets what was retained for it before it is heard itself."""

    async def start(self) -> None:
        self.receive(
            "route", Route(session="local", owner="restarted", epoch=2, reason="for the test")
        )
        for at in range(0, 3200, 320):
            self.receive("audio", block(at))
        self.receive("speech", ended(0, 1600))
        self.receive("speech", ended(1600, 3200))
        self.receive(
            "turns", TurnClosed(session="local", turn="local:1600", outcome=Outcome.ANSWERED)
        )


def test_what_was_retained_is_sorted_out_before_anything_is_answered() -> None:
    with stage(Restarted) as restarted:
        # The newer turn is closed, so the older one is what the user still waits for.
        assert restarted.expect("answer", AnswerEnded).turn == "local:0"
        assert [request.turn for request in parrot(restarted).requests] == ["local:0"]
