"""Whatever the service says: every message is taken, passed over or ends the connection."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from exchanging import Driver
from fuzzing import FUZZ, broken, json_text, seeds, with_faults
from google.genai import Client
from google.genai.live import AsyncSession
from hypothesis import given

from actors.backends.gemini.close_reason import ConnectionOverError
from actors.backends.gemini.faults import classify
from actors.backends.gemini.live.receiver import receive
from actors.backends.realtime.events import Event, GoAway, HandleIssued
from actors.backends.realtime.steps import SendReply
from pipeline.errors import UnsendableError
from pipeline.frames.values import problem_of
from pipeline.frames.wire import decode, encode

SOUND = {"inlineData": {"data": "AAAAAAAA", "mimeType": "audio/pcm;rate=24000"}}
DETAIL = {"modality": "AUDIO", "tokenCount": 7}
MESSAGES: list[dict[str, Any]] = [
    {"setupComplete": {"sessionId": "s"}},
    {
        "serverContent": {
            "modelTurn": {"role": "model", "parts": [SOUND, {"text": "hm", "thought": True}]},
            "inputTranscription": {"text": "go", "finished": False},
            "outputTranscription": {"text": "going", "finished": True},
            "interrupted": False,
            "generationComplete": False,
            "turnComplete": False,
            "interactionStatus": "IN_PROGRESS",
            "groundingMetadata": {},
            "urlContextMetadata": {},
            "turnCompleteReason": "NEED_MORE_INPUT",
            "waitingForInput": False,
        }
    },
    {"toolCall": {"functionCalls": [{"id": "c", "name": "move", "args": {"x": 1, "y": [{}]}}]}},
    {"toolCallCancellation": {"ids": ["c"]}},
    {
        "usageMetadata": {
            "promptTokenCount": 7,
            "cachedContentTokenCount": 1,
            "responseTokenCount": 7,
            "toolUsePromptTokenCount": 1,
            "thoughtsTokenCount": 1,
            "totalTokenCount": 14,
            "promptTokensDetails": [DETAIL],
            "responseTokensDetails": [DETAIL],
            "toolUsePromptTokensDetails": [DETAIL],
        }
    },
    {"goAway": {"timeLeft": "50s"}},
    {"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}},
    {"serverContent": {"generationComplete": True}},
    {"serverContent": {"interrupted": True}},
    {"serverContent": {"turnComplete": True, "interactionStatus": "IDLE"}},
    {"voiceActivity": {"voiceActivityType": "ACTIVITY_START"}},
    {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE", "details": [{}]}},
    {"code": 503, "message": "busy"},
]


class Scripted:
    """Gives these frames, then waits for good."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = iter(frames)
        self.over = asyncio.Event()

    async def recv(self, decode: bool | None = None) -> bytes:
        for frame in self._frames:
            return frame
        self.over.set()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


CLIENT = Client(api_key="none")


async def heard(frames: list[bytes], on_event: Any) -> ConnectionOverError | None:
    """Have the frames received; return what ended the connection, if anything did."""
    socket = Scripted(frames)
    session = AsyncSession(CLIENT._api_client, socket)  # type: ignore[arg-type]
    reading = asyncio.ensure_future(receive(session, on_event, Counter()))
    over = asyncio.ensure_future(socket.over.wait())
    await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
    reading.cancel()
    over.cancel()
    ended, _ = await asyncio.gather(reading, over, return_exceptions=True)
    if isinstance(ended, ConnectionOverError):
        return ended
    assert isinstance(ended, asyncio.CancelledError), repr(ended)
    return None


def converse(frames: list[bytes]) -> Driver:
    """Have the frames received in the middle of a turn, and all sent that is published."""
    driver = Driver()
    driver.connect()
    driver.speak(0, 3200)

    def on_event(event: Event) -> None:
        if isinstance(event, GoAway):
            asyncio.get_running_loop().call_later(event.time_left_s, print).cancel()
        elif not isinstance(event, HandleIssued):
            driver.server(event)

    ended = asyncio.run(heard(frames, on_event))
    if ended is not None:
        assert classify(ended.close_reason).reason
    driver.wait(120)
    return driver


def message(rng: random.Random) -> bytes:
    share = rng.choice([0.0, 0.02, 0.1, 0.4])
    made: dict[str, Any] = {}
    for each in rng.sample(MESSAGES, rng.choice([1, 1, 1, 2, 3])):
        made |= each
    text = json_text(rng, with_faults(rng, made, share), share).encode()
    return broken(rng, text) if rng.random() < 0.1 else text


# google-genai says so of each value of an enum that it does not know.
@pytest.mark.filterwarnings("ignore:.*is not a valid")
@FUZZ
@given(seeds())
def test_whatever_the_service_says_is_taken_or_passed_over_or_ends_the_connection(
    rng: random.Random,
) -> None:
    driver = converse([message(rng) for _ in range(6)])
    driver.disconnect()
    driver.do(driver.downlink.link_gone("no connection"))
    assert len(driver.ends("local:0")) == 1, "the turn has its one end"
    for frame in driver.frames:
        try:
            decode(encode(frame, seq=1, boot=1, sent_ns=1))
        except UnsendableError:
            assert problem_of(frame.model_dump(mode="json", exclude={"pcm"}))


def calling(args: str, identity: str = '"c1"') -> bytes:
    call = f'{{"id": {identity}, "name": "move", "args": {args}}}'
    return f'{{"toolCall": {{"functionCalls": [{call}]}}}}'.encode()


IMPOSSIBLE = ["123456789012345678901234", "1e400", "NaN", "1" * 5000, "[" * 200 + "]" * 200]


def test_a_call_with_what_no_frame_can_carry_is_answered_with_an_error() -> None:
    for value in IMPOSSIBLE:
        driver = converse([calling(f'{{"distance_m": {value}}}')])
        (reply,) = [step.reply for step in driver.sent if isinstance(step, SendReply)]
        assert reply.wire_id == "c1"
        assert "not carried out: " in reply.response["error"], value[:30]
        assert not [frame for frame in driver.frames if frame.type_name == "tool_call"]


def test_half_a_surrogate_pair_comes_as_the_sign_for_what_is_no_letter() -> None:
    for half in (b"\\ud83d", b"\xed\xa0\xbd"):
        raw = calling('{"to": "\\u00e9@"}', '"c@"').replace(b"@", half)
        driver = converse([raw])
        (call,) = [frame for frame in driver.frames if frame.type_name == "tool_call"]
        told = decode(encode(call, seq=0, boot=1, sent_ns=1)).model_dump()
        assert (told["call_id"], told["args"]) == ("c\ufffd", {"to": "é\ufffd"})


def test_whole_pairs_are_the_letters_they_stand_for() -> None:
    driver = converse([calling('{"to": "\\ud83d\\ude00"}')])
    (call,) = [frame for frame in driver.frames if frame.type_name == "tool_call"]
    assert call.model_dump()["args"] == {"to": "😀"}


def test_what_nests_too_deeply_to_be_read_ends_the_connection_and_no_more() -> None:
    said: list[object] = []
    frames = [b"[" * 100_000 + b"]" * 100_000]
    ended = asyncio.run(heard(frames, said.append))
    assert ended is not None
    assert str(ended) == "a frame is no JSON message"
    assert not said
