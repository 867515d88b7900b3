"""A call on a gateway by itself: what its provider sends and is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from encoded_sound import tone
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_client import TwilioEnd, sound_of
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.lib.audio.pcm import to_samples
from pipeline.frames import (
    Audio,
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
)

SECOND_IN = b"\xff\x80" * 4000
"""Mu-law: as loud as it gets, and silence."""


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0) as on_stage:
        yield on_stage


@pytest.fixture
def phone(gateway: GatewayOnStage) -> Iterator[TwilioEnd]:
    end = TwilioEnd(gateway)
    yield end
    gateway.meanwhile(end.client.close)


def heard(gateway: GatewayOnStage) -> list[tuple[PlaybackState, int]]:
    return [
        (each.state, each.played_samples)
        for each in gateway.harness.sent["playback"]
        if isinstance(each, Playback)
    ]


def test_what_is_known_of_a_call_is_known_before_its_first_word(phone: TwilioEnd) -> None:
    opened = phone.begin(business_id="b42")
    assert opened.labels == {"protocol": "telephone", "provider": "twilio", "call": "CA1"}
    assert opened.lasts_s == 900


def test_what_is_wrong_with_every_message_is_logged_once(
    gateway: GatewayOnStage, phone: TwilioEnd, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.begin()
    for number in range(40):
        phone.send(event="media", media={"payload": "!"})
        phone.send(event="dtmf", dtmf={"digit": f"no key {number}"})
    for number in range(20):
        phone.say(SECOND_IN[:160], number)
    gateway.harness.until(lambda: bool(gateway.harness.sent["audio"]), "what came behind it")
    lines = [each for each in capsys.readouterr().out.splitlines() if "a telephone line" in each]
    assert sum("no base64" in each for each in lines) == 1
    assert len(lines) == 10


def test_what_is_said_on_the_line_is_heard(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    for number in range(50):
        phone.say(SECOND_IN[:160], number)
    gateway.harness.until(lambda: len(gateway.harness.sent["audio"]) >= 49, "blocks of sound")
    blocks = [each for each in gateway.harness.sent["audio"] if isinstance(each, Audio)]
    assert {each.session for each in blocks} == {phone.session}
    assert [each.position for each in blocks] == [320 * at for at in range(len(blocks))]
    assert np.abs(to_samples(blocks[-1].pcm)).max() > 8000


def test_an_answer_is_sent_ahead_with_marks_and_heard_when_they_come_back(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    gateway.answer(f"{phone.session}:0", tone(0.5))
    messages = phone.until("mark")
    assert messages[-1]["streamSid"] == "MZ1"
    assert len(sound_of(messages)) == pytest.approx(1600, abs=20), "a mark after 200 ms"
    messages = phone.until("mark")
    assert len(sound_of(messages)) == pytest.approx(1600, abs=20)
    messages = phone.until("mark")
    assert len(sound_of(messages)) == pytest.approx(800, abs=20), "and one at the end"
    assert heard(gateway) == [(PlaybackState.STARTED, 0)], "nothing more is known to be heard"
    phone.play("m1")
    gateway.harness.until(lambda: len(heard(gateway)) >= 2, "the first is heard")
    phone.play("m2")
    phone.play("m3")
    gateway.harness.until(
        lambda: heard(gateway)[-1] == (PlaybackState.FINISHED, 12_000), "all of it is heard"
    )


def test_no_more_is_sent_ahead_than_is_allowed(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    began_s = time.monotonic()
    gateway.answer(f"{phone.session}:0", tone(5.0))
    sent = phone.sound(300)
    sent += sound_of(phone.within(0.3))
    took_ms = (time.monotonic() - began_s) * 1000
    assert len(sent) <= 8 * (took_ms + 500), "300 ms ahead, in pieces of 200 ms"


def test_who_speaks_is_not_spoken_over(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    gateway.answer(f"{phone.session}:0", tone(5.0))
    phone.until("mark")
    phone.play("m1")
    gateway.harness.until(lambda: (PlaybackState.PLAYING, 4800) in heard(gateway), "it is heard")
    speech = SpeechStarted(
        session=phone.session, turn=f"{phone.session}:9999", position=9999, at_ns=0
    )
    gateway.harness.send("speech", speech)
    messages = phone.until("clear")
    assert messages[-1] == {"event": "clear", "streamSid": "MZ1"}
    assert not sound_of(phone.within(0.2)), "nothing is sent after it"
    gateway.harness.until(
        lambda: heard(gateway)[-1][0] is PlaybackState.INTERRUPTED, "it was interrupted"
    )
    played = heard(gateway)[-1][1]
    assert 4800 <= played < 9600, "as far as marks say, and not what was thrown away"


def tentative(gateway: GatewayOnStage, session: str) -> None:
    """Let something be heard that may be the caller."""
    turn, position = f"{session}:9999", 9999
    voice = TentativeSpeechStarted(session=session, turn=turn, position=position, at_ns=0)
    gateway.harness.send("voice", voice)


def test_the_line_falls_silent_at_once_when_somebody_may_speak_and_goes_on_if_it_was_nothing(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    session = phone.session
    gateway.answer(f"{session}:0", tone(1.0))
    before = sound_of(phone.until("mark"))
    tentative(gateway, session)
    messages = phone.until("clear")
    before += sound_of(messages)
    assert not sound_of(phone.within(0.2)), "the line is silent"
    told = gateway.harness.sent["playback"]
    assert PlaybackState.INTERRUPTED not in {each.state for each in told}
    turn, position = f"{session}:9999", 9999
    rejected = TentativeSpeechRejected(session=session, turn=turn, position=position)
    gateway.harness.send("voice", rejected)
    after = phone.sound(1000 - len(before) / 8)
    after += sound_of(phone.within(0.6))
    lasts_ms = (len(before) + len(after)) / 8
    assert lasts_ms < 1220, "what was thrown away, at most 100 ms and a block, comes again"
    names = [f"m{number}" for number in range(1, 12)]
    for name in names:
        phone.play(name)
    finished = (PlaybackState.FINISHED, 24_000)
    gateway.harness.until(lambda: finished in heard(gateway), "all of it was heard")


def test_who_did_speak_has_heard_the_answer_up_to_where_the_line_fell_silent(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    session = phone.session
    gateway.answer(f"{session}:0", tone(5.0))
    phone.until("mark")
    tentative(gateway, session)
    phone.until("clear")
    phone.within(0.3)
    speech = SpeechStarted(session=session, turn=f"{session}:9999", position=9999, at_ns=0)
    gateway.harness.send("speech", speech)
    gateway.harness.until(
        lambda: heard(gateway)[-1][0] is PlaybackState.INTERRUPTED, "it was interrupted"
    )
    assert heard(gateway)[-1][1] < 4800, "no mark came back"
    assert not sound_of(phone.within(0.2)), "nothing is sent again"
    gateway.answer(f"{session}:20000", tone(0.1))
    assert len(sound_of(phone.until("mark"))) == pytest.approx(800, abs=20), "the next one alone"


def test_the_end_of_an_answer_that_waits_at_the_provider_is_not_spoken_either(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    gateway.answer(f"{phone.session}:0", tone(0.25))
    phone.until("mark")
    phone.until("mark")
    speech = SpeechStarted(
        session=phone.session, turn=f"{phone.session}:9999", position=9999, at_ns=0
    )
    gateway.harness.send("speech", speech)
    phone.until("clear")
    gateway.harness.until(
        lambda: heard(gateway)[-1][0] is PlaybackState.INTERRUPTED, "it was interrupted"
    )
    assert heard(gateway)[-1][1] < 6000
    assert PlaybackState.FINISHED not in {state for state, _ in heard(gateway)}


def test_a_session_ends_when_the_caller_hangs_up(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    phone.send(event="stop", streamSid="MZ1", stop={"callSid": "CA1"})
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (phone.session, SessionEnd.HUNG_UP)
    gateway.harness.end(phone.session)
    with pytest.raises(ConnectionClosed) as closed:
        gateway.next(phone.client)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000
    assert not gateway.harness.actor.phones.lines.lines


def test_a_session_ends_when_the_line_breaks(gateway: GatewayOnStage, phone: TwilioEnd) -> None:
    phone.begin()
    gateway.meanwhile(phone.client.socket.close)
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (phone.session, SessionEnd.HUNG_UP)


def test_the_line_is_closed_when_the_session_ends(
    gateway: GatewayOnStage, phone: TwilioEnd
) -> None:
    phone.begin()
    gateway.harness.end(phone.session, SessionEnd.TIME_OVER)
    with pytest.raises(ConnectionClosed) as closed:
        gateway.next(phone.client)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_a_provider_that_is_not_known_is_refused(gateway: GatewayOnStage) -> None:
    with pytest.raises(InvalidStatus) as refused:
        TwilioEnd(gateway, "/phone/carrier_pigeon")
    assert refused.value.response.status_code == 403
