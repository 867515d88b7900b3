"""What the model may do with a call, and what is done when nobody can answer."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_client import TwilioEnd, sound_of

from actors.gateway.errors import CallerError
from actors.gateway.failure_prompts import FailurePrompts
from actors.gateway.phone.context import CallContext, CallDirection, Knock, OnFailure
from actors.gateway.phone.dialect import CallStarted
from actors.outputs.playout.failure_prompt import load_failure_prompt, packaged_prompt
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.errors import ConfigError
from pipeline.frames import (
    Outcome,
    SessionEnd,
    SessionEnded,
    ToolCall,
    ToolResult,
    ToolStatus,
    TurnClosed,
    UserText,
)


class OneBusiness:
    """Everybody may call, and is served alike."""

    context = CallContext(
        business="b42",
        instruction="You sell tea.",
        language="de-DE",
        voice="Kore",
        direction=CallDirection.INBOUND,
        caller="+491",
        called="+492",
        speaks_first=True,
        lasts_s=60,
        transfers={"sales": "+493"},
        on_failure=OnFailure(transfer_to="+494"),
    )

    async def check(self, knock: Knock) -> None:
        """Let everybody in."""

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        return self.context


class KeptControl:
    """A provider that does what it is asked, or refuses."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.refuses = False

    def hangs_up(self, provider: str) -> bool:
        return True

    def transfers(self, provider: str) -> bool:
        return True

    async def hang_up(self, provider: str, call_id: str) -> None:
        self.asked.append(("hang_up", provider, call_id))

    async def transfer(self, provider: str, call_id: str, number: str) -> None:
        if self.refuses:
            raise CallerError("no such number")
        self.asked.append(("transfer", provider, call_id, number))


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0) as on_stage:
        on_stage.harness.actor.phones.admission = OneBusiness()
        on_stage.harness.actor.phones.control = KeptControl()
        yield on_stage


@pytest.fixture
def phone(gateway: GatewayOnStage) -> Iterator[TwilioEnd]:
    end = TwilioEnd(gateway)
    yield end
    gateway.meanwhile(end.client.close)


def asked(gateway: GatewayOnStage) -> list[tuple[str, ...]]:
    control: KeptControl = gateway.harness.actor.phones.control
    return control.asked


def call(gateway: GatewayOnStage, phone: TwilioEnd, name: str, **args: Any) -> None:
    """Let the model call a function."""
    turn = f"{phone.session}:0"
    called = ToolCall(session=phone.session, turn=turn, call_id="f1", name=name, args=args)
    gateway.harness.send("calls", called)


def close_turn(gateway: GatewayOnStage, phone: TwilioEnd, outcome: Outcome) -> None:
    turn = f"{phone.session}:0"
    closed = TurnClosed(session=phone.session, turn=turn, outcome=outcome, reason="all gone")
    gateway.harness.send("turns", closed)


def press(phone: TwilioEnd, keys: str) -> None:
    for key in keys:
        phone.send(event="dtmf", streamSid="MZ1", dtmf={"track": "inbound_track", "digit": key})


def test_a_call_is_served_as_its_business_wants(phone: TwilioEnd) -> None:
    opened = phone.begin()
    assert opened.instruction == "You sell tea."
    assert (opened.language, opened.voice, opened.lasts_s) == ("de-DE", "Kore", 60)
    assert opened.speaks_first
    assert opened.labels == {
        "protocol": "telephone",
        "provider": "twilio",
        "call": "CA1",
        "business": "b42",
        "direction": "inbound",
        "caller": "+491",
        "called": "+492",
    }
    names = [each["name"] for each in opened.functions]
    assert names == ["hang_up", "press_keys", "ask_for_keys", "transfer_call"]
    assert opened.functions[-1]["parameters"]["properties"]["to"]["enum"] == ["sales"]


def test_the_model_hangs_up_when_its_farewell_was_heard(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    call(gateway, phone, "hang_up")
    assert gateway.harness.expect("results", ToolResult).status is ToolStatus.OK
    gateway.harness.expect_nothing("sessions")
    close_turn(gateway, phone, Outcome.ANSWERED)
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.reason, ended.detail) == (SessionEnd.HUNG_UP, "the model ended the call")
    gateway.harness.end(phone.session)
    gateway.harness.until(lambda: bool(asked(gateway)), "the provider is asked")
    assert asked(gateway) == [("hang_up", "twilio", "CA1")]


def test_the_model_hands_a_call_on(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    call(gateway, phone, "transfer_call", to="sales")
    close_turn(gateway, phone, Outcome.ANSWERED)
    gateway.harness.until(lambda: bool(asked(gateway)), "the provider is asked")
    assert asked(gateway) == [("transfer", "twilio", "CA1", "+493")]


def test_nobody_is_handed_on_to_a_number_of_the_models_own(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    call(gateway, phone, "transfer_call", to="+1900")
    result = gateway.harness.expect("results", ToolResult)
    assert result.status is ToolStatus.ERROR
    assert result.response == {"error": "'+1900' is not known; there is sales"}
    assert not asked(gateway)


def test_the_model_is_told_that_a_call_could_not_be_handed_on(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    gateway.harness.actor.phones.control.refuses = True
    phone.begin()
    call(gateway, phone, "transfer_call", to="sales")
    close_turn(gateway, phone, Outcome.ANSWERED)
    told = gateway.harness.expect("text", UserText)
    assert told.text == "[The call could not be handed on to sales: no such number]"


def test_keys_are_told_to_the_model_in_one_piece(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    press(phone, "123#")
    told = gateway.harness.expect("text", UserText)
    assert told.text == "[The caller pressed on the keypad: 123#]"
    press(phone, "7")
    assert gateway.harness.expect("text", UserText).text.endswith(": 7]")


def test_the_model_asks_for_keys(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    call(gateway, phone, "ask_for_keys", most=4, seconds=30)
    press(phone, "1234")
    result = gateway.harness.expect("results", ToolResult)
    assert result.response == {"keys": "1234"}
    gateway.harness.expect_nothing("text")


def test_keys_are_pressed_as_tones_where_there_is_no_message(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    call(gateway, phone, "press_keys", keys="1w2")
    sound = phone.sound(890)
    assert len(set(sound)) > 50, "tones, and no silence"
    assert gateway.harness.expect("results", ToolResult).status is ToolStatus.OK
    call(gateway, phone, "press_keys", keys="x")
    assert gateway.harness.expect("results", ToolResult).status is ToolStatus.ERROR


def test_who_can_be_answered_by_nobody_is_told_so_and_handed_on(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    gateway.harness.actor.phones.problem = lambda: "no backend answers"
    close_turn(gateway, phone, Outcome.FAILED)
    sound = sound_of(phone.until("mark"))
    assert len(np.unique(np.frombuffer(sound, np.uint8))) > 20, "a sentence is heard"
    assert not asked(gateway), "it is heard to its end first"
    gateway.harness.until(lambda: bool(asked(gateway)), "the provider is asked")
    assert asked(gateway) == [("transfer", "twilio", "CA1", "+494")]


def test_a_turn_that_fails_by_bad_luck_does_not_end_a_call(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    close_turn(gateway, phone, Outcome.FAILED)
    close_turn(gateway, phone, Outcome.ANSWERED)
    close_turn(gateway, phone, Outcome.FAILED)
    phone.within(0.2)
    assert not gateway.harness.actor.phones.lines.lines[phone.session].held
    gateway.harness.expect_nothing("sessions")
    assert not asked(gateway)


def test_the_last_sentence_is_heard_after_the_end_of_the_session(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    close_turn(gateway, phone, Outcome.FAILED)
    gateway.harness.end(phone.session, SessionEnd.FAILED, "it broke")
    sound = b""
    gateway.harness.expect_nothing("sessions")
    while not asked(gateway):
        sound += sound_of(phone.within(0.3))
    assert len(sound) > 8 * 3000, "the packaged sentence takes 4 s"
    assert asked(gateway) == [("transfer", "twilio", "CA1", "+494")]


def test_a_call_for_which_there_is_no_room_is_handed_on(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    asked_for = phone.begin_asking()
    gateway.harness.end(asked_for.session, SessionEnd.REFUSED, "there are 100 callers")
    gateway.harness.until(lambda: bool(asked(gateway)), "the provider is asked")
    assert asked(gateway) == [("transfer", "twilio", "CA1", "+494")]


def test_that_nobody_can_answer_is_said_in_the_language_of_the_call(tmp_path: Path) -> None:
    spoken = tmp_path / "leider.wav"
    with wave.open(str(spoken), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes((np.arange(12_000) % 100 * 100).astype("<i2").tobytes())
    prompts = {"de": str(spoken)}
    with gateway_on_stage(prebuffer_ms=0, failure_prompts=prompts) as gateway:
        gateway.harness.actor.phones.admission = OneBusiness()
        end = TwilioEnd(gateway)
        end.begin()
        close_turn(gateway, end, Outcome.FAILED)
        end.sound(500)
        assert not sound_of(end.within(0.3)), "half a second, and not the packaged four"
        gateway.meanwhile(end.client.close)


def test_without_a_file_of_ones_own_it_is_said_in_the_language_of_the_call_too(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    opened = phone.begin()
    said = {
        language: gateway.harness.actor.prompt_in(language)
        for language in (opened.language, "fr-CA", "tlh", None)
    }
    for language, file in (("de-DE", "de"), ("fr-CA", "fr"), ("tlh", "en"), (None, "en")):
        expected = load_failure_prompt(packaged_prompt(file), RATE_HZ)
        assert np.array_equal(said[language], expected), language


def test_a_prompt_is_for_all_regions_of_its_language(tmp_path: Path) -> None:
    spoken = tmp_path / "spoken.wav"
    with wave.open(str(spoken), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(b"\x01\x00" * 240)
    prompts = FailurePrompts({"de": spoken, "pt-BR": spoken}, tmp_path)
    assert prompts.of("de-AT") is not None
    assert prompts.of("pt_br") is not None
    assert prompts.of("pt-PT") is None
    assert prompts.of(None) is None
    with pytest.raises(ConfigError, match="no sound file"):
        FailurePrompts({"fr": tmp_path / "nowhere.wav"}, tmp_path)
