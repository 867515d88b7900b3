from __future__ import annotations

import pytest
from gateway_client import called, gateway_on_stage

from pipeline.frames import RecordingConsent, SessionOpened

START = "/api/v1/live-audio/session/start"


@pytest.mark.parametrize(
    ("asked", "option", "consent"),
    [
        ({"record": "none"}, "all", RecordingConsent.NOTHING),
        ({"record": "transcripts"}, "all", RecordingConsent.TEXT),
        ({"record": "audio"}, "nothing", RecordingConsent.ALL),
        ({"record": "text"}, "all", RecordingConsent.TEXT),
        ({}, "nothing", RecordingConsent.NOTHING),
        ({}, "all", RecordingConsent.ALL),
    ],
)
def test_a_client_says_what_may_be_recorded_or_the_config_does(
    asked: dict[str, str], option: str, consent: RecordingConsent
) -> None:
    with gateway_on_stage(record=option) as gateway:
        call = gateway.begin(lambda: called(f"http://{gateway.url}{START}", "POST", asked))
        opened = gateway.harness.expect("sessions", SessionOpened)
        assert opened.records is consent
        gateway.harness.open(opened.session)
        gateway.harness.until(call.done, "an answer")
        assert call.result()[0] == 200


def test_another_word_is_refused_with_those_there_are() -> None:
    with gateway_on_stage() as gateway:
        code, told = gateway.request("POST", START, {"record": "video"})
        assert code == 400
        assert "'transcripts'" in told["error"]
