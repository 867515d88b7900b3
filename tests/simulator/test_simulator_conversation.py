"""Resumption handles, history and the signals that end a turn, by the unmodified google-genai."""

import pytest
from google.genai import errors, types
from simulating import (
    LIVE_MODEL,
    RunningSimulator,
    Scripted,
    ask,
    client,
    config,
    receive,
    run,
)


def test_answers_refer_to_what_was_said_before(talking: RunningSimulator) -> None:
    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await ask(session, "Apples are red.")
            await ask(session, "Bananas are yellow.")
            second = await ask(session, "And what about the second one?")
            assert second.said == "The second thing you said was: Bananas are yellow."

    run(conversation())


def test_resumption_restores_the_conversation(scripted: Scripted) -> None:
    scripted()

    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            handle = (await ask(session, "My name is Ada.")).handle
        setup = config(session_resumption={"handle": handle})
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            answer = await ask(session, "What did I say?")
            assert answer.said == "Before that you said: My name is Ada."
            model = types.Content(role="model", parts=[types.Part(text="Hello Ada.")])
            await session.send_client_content(turns=model, turn_complete=False)
            with pytest.raises(errors.APIError, match="1007"):
                await receive(session, "never")

    run(conversation())


def test_resuming_while_the_old_socket_is_open_closes_1011(scripted: Scripted) -> None:
    scripted()

    async def conversation() -> None:
        live = client().aio.live
        async with live.connect(model=LIVE_MODEL, config=config()) as old:
            handle = (await ask(old, "Hello.")).handle
            setup = config(session_resumption={"handle": handle})
            with pytest.raises(errors.APIError, match="1011"):
                async with live.connect(model=LIVE_MODEL, config=setup):
                    pass
        async with live.connect(model=LIVE_MODEL, config=setup) as new:
            assert new.setup_complete is not None

    run(conversation())


def test_history_given_first_is_not_answered(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        setup = config(history_config={"initial_history_in_client_content": True})
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await session.send_client_content(
                turns=[
                    types.Content(role="user", parts=[types.Part(text="I like tea.")]),
                    types.Content(role="model", parts=[types.Part(text="So do I.")]),
                ]
            )
            answer = await ask(session, "What did I say?")
            assert answer.said == "Before that you said: I like tea."

    run(conversation())
    assert len(simulator.journal.sessions[0].turns) == 1


def test_extended_thinking_signals_idle_after_the_turn(scripted: Scripted) -> None:
    scripted()

    async def conversation() -> None:
        setup = config(thinking_config={"thinking_level": "LOW"})
        model = f"{LIVE_MODEL}-extended-thinking"
        async with client().aio.live.connect(model=model, config=setup) as session:
            await session.send_realtime_input(text="Hello.")
            received = [message async for message in session.receive()]
        status = received[-1].server_content
        assert status is not None
        assert status.interaction_status is types.InteractionStatus.IDLE

    run(conversation())
