"""Functions of a Live session: those that block, and those that do not."""

from typing import Any

import pytest
from raw_live import RawLive, audio
from simulating import BLOCKING_MOVE, LIVE_MODEL, MANUAL, MOVE, RunningSimulator, Scripted, run

MODEL_25 = "gemini-2.5-flash-native-audio-latest"
THINKING_MODEL = f"{LIVE_MODEL}-extended-thinking"
ASYNC_MOVE = {**MOVE, "behavior": "NON_BLOCKING"}
GO = "go forward ten meters"
MOVING = "Moving forward ten meters."
STORY = {"when": {"heard": "story"}, "do": [{"say": "A sentence of some length is said. " * 5}]}


def talk_to(simulator: RunningSimulator, *tools: dict[str, Any], **more: Any) -> RawLive:
    return RawLive(simulator, tools=[{"functionDeclarations": list(tools)}], **more)


def outcomes(simulator: RunningSimulator) -> list[str]:
    return [call.outcome for call in simulator.journal.tool_calls()]


@pytest.mark.parametrize("tool", [ASYNC_MOVE, MOVE])
def test_turn_completes_while_a_call_is_pending_and_the_result_is_told_later(
    scripted: Scripted, tool: dict[str, Any]
) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, tool) as live:
            await live.text(GO)
            await live.until("turnComplete")
            (call,) = live.calls()
            assert live.said == "One moment."
            await live.text("what do you see?")
            await live.until("turnComplete", 2)
            assert live.said.endswith("I have not received any picture.")
            await live.reply(call, {"ok": True})
            await live.until("turnComplete", 3)
            assert live.said.endswith(MOVING)
            assert live.kinds.count("generationComplete") == 3
            assert not {"interrupted", "toolCallCancellation"} & set(live.kinds)

    run(conversation())
    assert outcomes(simulator) == ["answered"]


@pytest.mark.parametrize(
    ("model", "behavior", "filler"),
    [
        (LIVE_MODEL, None, True),
        (LIVE_MODEL, "BLOCKING", False),
        (MODEL_25, None, False),
        (MODEL_25, "NON_BLOCKING", True),
        ("gemini-3.1-flash-live-preview", None, False),
    ],
)
def test_function_that_does_not_say_behaves_as_the_family_does(
    scripted: Scripted, model: str, behavior: str | None, filler: bool
) -> None:
    simulator = scripted()

    async def conversation() -> None:
        tool = MOVE if behavior is None else {**MOVE, "behavior": behavior}
        async with talk_to(simulator, tool, model=model) as live:
            await live.text(GO)
            await live.until("toolCall")
            await live.until_quiet(0.2)
            assert ("turnComplete" in live.kinds) is filler

    run(conversation())


def test_silent_result_is_not_told_but_known(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE) as live:
            await live.text(GO)
            await live.until("turnComplete")
            await live.reply(live.calls()[0], {"ok": True}, scheduling="SILENT")
            await live.until_quiet(0.2)
            assert live.said == "One moment."
            await live.text("did it work?")
            await live.until("turnComplete", 2)
            assert live.said.endswith(MOVING)

    run(conversation())


@pytest.mark.parametrize("scheduling", ["WHEN_IDLE", None, "INTERRUPT", "interrupt"])
def test_result_is_told_when_its_scheduling_says(
    scripted: Scripted, scheduling: str | None
) -> None:
    simulator = scripted(STORY, playback_speed=2)

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE) as live:
            await live.text(GO)
            await live.until("turnComplete")
            await live.text("a story")
            await live.until("generationComplete", 2)
            more = {"scheduling": scheduling} if scheduling else {}
            await live.reply(live.calls()[0], {"ok": True}, **more)
            if scheduling in {"WHEN_IDLE", None}:
                await live.until_quiet(0.1)
                assert not live.said.endswith(MOVING)
            else:
                await live.until("turnComplete", 3)
                assert "interrupted" in live.kinds
                assert live.said.endswith(MOVING)

    run(conversation())


def test_result_waits_until_the_user_has_spoken_and_was_answered(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE, realtimeInputConfig=MANUAL) as live:
            await live.text(GO)
            await live.until("turnComplete")
            await live.send({"realtimeInput": {"activityStart": {}}}, audio(bytes(6400)))
            await live.reply(live.calls()[0], {"ok": True}, scheduling="INTERRUPT")
            await live.until_quiet(0.2)
            assert live.said == "One moment."
            await live.send({"realtimeInput": {"activityEnd": {}}})
            await live.until("turnComplete", 3)
            assert live.said == f"One moment.I heard 0.2 seconds of sound.{MOVING}"

    run(conversation())


def test_function_may_respond_several_times(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE) as live:
            await live.text(GO)
            await live.until("turnComplete")
            call = live.calls()[0]
            await live.reply(call, {}, willContinue=True)
            await live.reply(call, {"status": "half way"}, willContinue=True)
            await live.until("turnComplete", 2)
            assert live.said.endswith("Still moving forward ten meters: half way.")
            await live.reply(call, {"status": "nearly"}, willContinue=True, scheduling="SILENT")
            await live.reply(call, {"ok": True}, willContinue=False)
            await live.until("turnComplete", 3)
            assert live.said.endswith(MOVING)
            # Documented: later responses are not considered.
            await live.reply(call, {"ok": True})
            await live.until_quiet(0.2)
            assert live.close[0] is None

    run(conversation())
    (session,) = simulator.journal.sessions
    assert outcomes(simulator) == ["answered"]
    assert session.late_tool_responses == [session.tool_calls[0].id]


def test_empty_last_response_ends_a_call_without_a_word(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE, sessionResumption={}) as live:
            await live.text(GO)
            await live.until("turnComplete")
            call = live.calls()[0]
            await live.reply(call, {"status": "on the way"}, willContinue=True)
            await live.until("turnComplete", 2)
            assert "resumable" not in live.kinds
            await live.reply(call, {}, willContinue=False)
            await live.until("resumable")
            assert live.kinds.count("turnComplete") == 2

    run(conversation())
    assert outcomes(simulator) == ["answered"]


@pytest.mark.parametrize("behavior", ["BLOCKING", "NON_BLOCKING"])
def test_two_commands_are_two_calls_in_one_message(scripted: Scripted, behavior: str) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, {**MOVE, "behavior": behavior}) as live:
            await live.text("go forward ten meters and then go backward two meters")
            message = await live.until("toolCall")
            calls = message["toolCall"]["functionCalls"]
            assert [call["args"]["distance_m"] for call in calls] == [10, 2]
            for call in reversed(calls):
                await live.reply(call, {"ok": True})
            await live.until("turnComplete", 1 if behavior == "BLOCKING" else 2)
            for outcome in (MOVING, "Moving backward two meters."):
                assert outcome in live.said

    run(conversation())
    assert outcomes(simulator) == ["answered", "answered"]


def test_function_is_called_before_the_filler_and_in_the_midst_of_it(scripted: Scripted) -> None:
    simulator = scripted()

    async def order() -> tuple[str, str]:
        async with talk_to(simulator, ASYNC_MOVE) as live:
            await live.text(GO)
            await live.until("turnComplete")
            kinds = [kind for kind in live.kinds if kind in {"toolCall", "modelTurn"}]
            return kinds[0], kinds[-1]

    seen = {run(order()) for _ in range(8)}
    assert seen == {("toolCall", "modelTurn"), ("modelTurn", "modelTurn")}


def test_typed_turn_waits_for_a_function_that_blocks(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, BLOCKING_MOVE) as live:
            await live.text(GO)
            await live.until("toolCall")
            await live.text("what do you see?")
            await live.until_quiet(0.2)
            assert live.said == ""
            await live.reply(live.calls()[0], {"ok": True})
            await live.until("turnComplete", 2)
            assert live.said == f"{MOVING}I have not received any picture."
            assert not {"interrupted", "toolCallCancellation"} & set(live.kinds)

    run(conversation())


def test_voice_cancels_a_function_that_blocks(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, BLOCKING_MOVE, realtimeInputConfig=MANUAL) as live:
            await live.text(GO)
            await live.until("toolCall")
            await live.send({"realtimeInput": {"activityStart": {}}})
            await live.until("turnComplete")
            assert live.kinds[-3:] == ["toolCallCancellation", "interrupted", "turnComplete"]

    run(conversation())
    assert outcomes(simulator) == ["cancelled"]


def test_scenario_cancels_pending_calls(scripted: Scripted) -> None:
    simulator = scripted({"when": {"turn": 2}, "do": ["cancel_calls"]})

    async def conversation() -> None:
        async with talk_to(simulator, ASYNC_MOVE) as live:
            await live.text(GO)
            await live.until("turnComplete")
            await live.text("Hello.")
            cancelled = await live.until("toolCallCancellation")
            assert cancelled["toolCallCancellation"]["ids"] == [live.calls()[0]["id"]]
            await live.reply(live.calls()[0], {"ok": True})
            await live.until("turnComplete", 2)
            assert live.said.endswith("You said: Hello.")

    run(conversation())
    assert outcomes(simulator) == ["cancelled"]


def test_extended_thinking_is_idle_when_the_result_was_told(scripted: Scripted) -> None:
    simulator = scripted()
    thinking = {"thinkingConfig": {"thinkingLevel": "LOW"}}

    async def conversation() -> None:
        async with talk_to(
            simulator, MOVE, model=THINKING_MODEL, generationConfig=thinking
        ) as live:
            await live.text(GO)
            await live.until("IN_PROGRESS")
            assert live.said == "One moment."
            await live.reply(live.calls()[0], {"ok": True})
            await live.until("IDLE")
            assert live.said.endswith(MOVING)

    run(conversation())


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"scheduling": "SOON"}, 1007, "function_responses[0].scheduling'"),
        ({"foo": 1}, 1007, "Unknown name \"foo\" at 'tool_response.function_responses[0]'"),
        ({"response": "text"}, 1007, "function_responses[0].response' (type.googleapis.com/google"),
        ({"id": "nope"}, 1007, "Request contains an invalid argument."),
        ({"id": None}, 1007, "Request contains an invalid argument."),
    ],
)
def test_response_that_is_refused(
    scripted: Scripted, changes: dict[str, Any], code: int, reason: str
) -> None:
    simulator = scripted()

    async def conversation() -> tuple[int | None, str]:
        async with talk_to(simulator, MOVE) as live:
            await live.text(GO)
            await live.until("toolCall")
            body = {"id": live.calls()[0]["id"], "name": "move", "response": {}, **changes}
            await live.send({"toolResponse": {"functionResponses": [body]}})
            return await live.closed()

    got_code, got_reason = run(conversation())
    assert got_code == code
    assert reason in got_reason


def test_call_and_response_are_counted(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with talk_to(simulator, BLOCKING_MOVE) as live:
            await live.text(GO)
            await live.until("toolCall")
            await live.reply(live.calls()[0], {"result": "x" * 388})
            await live.until("turnComplete")
            (usage,) = [m["usageMetadata"] for m in live.got if "usageMetadata" in m]
            assert usage["toolUsePromptTokenCount"] == 101
            spoken = {d["modality"]: d["tokenCount"] for d in usage["responseTokensDetails"]}
            assert spoken["TEXT"] > 5
            # The declaration itself is read too.
            assert usage["promptTokenCount"] > 40

    run(conversation())
