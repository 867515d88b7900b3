from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage, packed

from actors.lib.audio.pcm import to_pcm
from pipeline.frames import (
    Audio,
    Outcome,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.frames.turns import EndReason

PATH = "/api/v1/live-audio/transcribe"
RATE = 16_000
BOUNDARY = "a-boundary"


def wav(seconds: float) -> bytes:
    """A WAV file in which each sample is the number of the tenth of a second that it is in."""
    pcm = to_pcm((np.arange(int(seconds * RATE)) // 1600 + 1).astype(np.int16))
    header = b"RIFF" + (36 + len(pcm)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x01\0"
    rates = RATE.to_bytes(4, "little") + (2 * RATE).to_bytes(4, "little") + b"\x02\0\x10\0"
    return header + rates + b"data" + len(pcm).to_bytes(4, "little") + pcm


def form(name: str, data: bytes, **fields: str) -> tuple[bytes, str]:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.wav"\r\n\r\n'
    )
    parts += [head.encode(), data, f"\r\n--{BOUNDARY}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={BOUNDARY}"


def as_json(**fields: Any) -> tuple[bytes, str]:
    return json.dumps(fields).encode(), "application/json"


class Upload:
    """A file on its way, and the pipeline's part for it."""

    def __init__(self, gateway: GatewayOnStage, body: tuple[bytes, str]) -> None:
        self.gateway = gateway
        self.session = ""
        self._answer: Future[tuple[int, Any, Any]] = gateway.begin(lambda: self._post(*body))

    def _post(self, data: bytes, kind: str) -> tuple[int, Any, Any]:
        url = f"http://{self.gateway.url}{PATH}"
        request = urllib.request.Request(url, data, {"Content-Type": kind}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response), response.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers

    def opened(self) -> SessionOpened:
        asked = self.gateway.harness.expect("sessions", SessionOpened)
        manner = asked.model_dump(exclude={"session", "origin_ns", "seq", "boot", "sent_ns"})
        opened = self.gateway.harness.open(asked.session, **manner)
        self.session = opened.session
        return opened

    def heard_to(self, position: int) -> None:
        self.gateway.harness.expect(
            "audio", Audio, where=lambda frame: frame.position + frame.samples >= position
        )

    def speech(self, start: int, end: int | None = None) -> str:
        turn, send = f"{self.session}:{start}", self.gateway.harness.send
        place = {"session": self.session, "turn": turn, "at_ns": 1}
        if end is None:
            send("speech", SpeechStarted(position=start, **place))
        else:
            reason = EndReason.SILENCE
            ended = SpeechEnded(start_position=start, position=end, reason=reason, **place)
            send("speech", ended)
        return turn

    def words(self, turn: str, text: str) -> None:
        of = {"session": self.session, "turn": turn, "backend": "live", "epoch": 0}
        self.gateway.harness.send("transcript", Transcript(side=Side.USER, text=text, **of))

    def close(self, turn: str, outcome: Outcome = Outcome.ANSWERED, **fields: str) -> None:
        closed = TurnClosed(session=self.session, turn=turn, outcome=outcome, **fields)
        self.gateway.harness.send("turns", closed)

    def spoken(self, start: int, end: int, text: str) -> None:
        """What the pipeline makes of a stretch once it was heard."""
        turn = self.speech(start)
        self.heard_to(end)
        self.speech(start, end)
        self.words(turn, text)
        self.close(turn, by="live")

    def answer(self) -> tuple[int, Any]:
        self.gateway.harness.until(self._answer.done, "an answer")
        return self._answer.result()[:2]

    def retry_after(self) -> str | None:
        retry: str | None = self._answer.result()[2]["Retry-After"]
        return retry

    def ended(self) -> SessionEnded:
        ended = self.gateway.harness.expect("sessions", SessionEnded)
        assert ended.session == self.session
        return ended


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(file_speed=20, file_bytes=1_000_000, file_s=20) as on_stage:
        yield on_stage


@pytest.mark.parametrize(
    "body",
    [
        form("file", wav(2)),
        form("audio", wav(2)),
        as_json(audio=packed(wav(2))),
        as_json(data=f"data:audio/wav;base64,{packed(wav(2))}"),
        (wav(2), "audio/wav"),
    ],
)
def test_what_is_said_in_a_file_comes_back_with_its_times(
    gateway: GatewayOnStage, body: tuple[bytes, str]
) -> None:
    upload = Upload(gateway, body)
    opened = upload.opened()
    assert not opened.plays
    assert opened.instruction
    upload.spoken(8000, 24_000, " go forward ten meters")
    assert upload.answer() == (
        200,
        {
            "success": True,
            "text": "go forward ten meters",
            "segments": [{"start_s": 0.5, "end_s": 1.5, "text": "go forward ten meters"}],
            "duration_s": 2.0,
        },
    )
    assert upload.ended().reason is SessionEnd.HUNG_UP


def test_no_more_is_heard_while_words_are_waited_for(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, (wav(4), "audio/wav"))
    upload.opened()
    turn = upload.speech(0)
    upload.heard_to(RATE)
    upload.speech(0, RATE)
    # The piece under way is the last for now; the next comes only when this turn is closed.
    gateway.harness.settle()
    heard = gateway.harness.actor._callers.get(upload.session).ear  # type: ignore[attr-defined]
    stands = heard.position
    gateway.request("GET", "/healthz")
    gateway.request("GET", "/healthz")
    assert heard.position == stands < 4 * RATE
    upload.words(turn, "one")
    upload.close(turn, by="live")
    upload.spoken(2 * RATE, 4 * RATE, "two")
    status, told = upload.answer()
    assert (status, told["text"]) == (200, "one two")
    assert [each["start_s"] for each in told["segments"]] == [0.0, 2.0]


def test_what_the_next_turn_cut_off_is_heard_again(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, (wav(2), "audio/wav"))
    upload.opened()
    lost = upload.speech(0)
    upload.speech(0, RATE)
    upload.speech(RATE)
    upload.close(lost, Outcome.INTERRUPTED)
    upload.heard_to(2 * RATE)
    upload.speech(RATE, 2 * RATE)
    upload.words(f"{upload.session}:{RATE}", "two")
    upload.close(f"{upload.session}:{RATE}", by="live")
    # Sample 1 is the first tenth of a second of the file, and it comes again.
    again = gateway.harness.expect("audio", Audio, where=_is_start_of_file(RATE))
    upload.spoken(again.position, again.position + RATE, "one")
    status, told = upload.answer()
    assert (status, told["text"]) == (200, "one two")
    assert told["segments"][0] == {"start_s": 0.0, "end_s": 1.0, "text": "one"}
    assert "missed" not in told


def test_a_question_about_the_file_is_answered(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, form("file", wav(1), question="Where to?", language="en-US"))
    assert upload.opened().language == "en-US"
    upload.spoken(0, RATE, "go forward")
    asked = gateway.harness.expect("text", UserText)
    assert asked.text == "Where to?"
    upload.close(asked.turn, by="live", said="Where to?", answer="Forward.")
    status, told = upload.answer()
    assert (status, told["text"], told["answer"]) == (200, "go forward", "Forward.")
    assert "answer_error" not in told


def test_a_question_that_nobody_answers_does_not_cost_the_words(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, as_json(audio=packed(wav(1)), question="Where to?"))
    upload.opened()
    upload.spoken(0, RATE, "go forward")
    asked = gateway.harness.expect("text", UserText)
    upload.close(asked.turn, Outcome.FAILED, reason="no quota")
    told = upload.answer()[1]
    assert (told["text"], told["answer"], told["answer_error"]) == ("go forward", None, "no quota")


def lines(gateway: GatewayOnStage, data: bytes) -> Generator[Any]:
    """Send a file and want to know how far it is; each line as it comes."""
    headers = {"Content-Type": "audio/wav", "Accept": "application/x-ndjson"}
    request = urllib.request.Request(f"http://{gateway.url}{PATH}", data, headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.headers["Content-Type"] == "application/x-ndjson"
        for line in response:
            yield json.loads(line)


class WatchedUpload(Upload):
    """One whose client reads how far it is."""

    def __init__(self, gateway: GatewayOnStage, data: bytes) -> None:
        self._lines = lines(gateway, data)
        self._first = True
        super().__init__(gateway, (data, ""))

    def _post(self, data: bytes, kind: str) -> Any:
        return next(self._lines)

    def line(self) -> Any:
        """Return the next line; None after the last."""
        self.gateway.harness.until(self._answer.done, "a line")
        first, self._first = self._first, False
        if first:
            return self._answer.result()
        return self.gateway.meanwhile(lambda: next(self._lines, None))

    def go_away(self) -> None:
        """Close the connection."""
        self._lines.close()


def test_who_wants_to_know_is_told_how_far_it_is(
    gateway: GatewayOnStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.gateway.website.word_stream.EACH_S", 0.02)
    upload = WatchedUpload(gateway, wav(4))
    upload.opened()
    upload.spoken(0, RATE, "one")
    turn = upload.speech(2 * RATE)
    upload.heard_to(4 * RATE)
    while (told := upload.line())["heard_s"] < 4 or told["text"] != "one":
        assert told["duration_s"] == 4
    upload.speech(2 * RATE, 4 * RATE)
    upload.words(turn, "two")
    upload.close(turn, by="live")
    while "heard_s" in told:
        told = upload.line()
    assert (told["success"], told["text"], len(told["segments"])) == (True, "one two", 2)
    assert upload.line() is None
    assert upload.ended().reason is SessionEnd.HUNG_UP


def test_what_goes_wrong_once_it_was_told_how_far_it_is_is_the_last_line(
    gateway: GatewayOnStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.gateway.website.word_stream.EACH_S", 0.02)
    upload = WatchedUpload(gateway, wav(1))
    upload.opened()
    upload.speech(0)
    assert "heard_s" in upload.line()
    gateway.harness.end(upload.session, SessionEnd.OPERATOR, "not now")
    while "heard_s" in (told := upload.line()):
        pass
    assert told == {"error": "not now"}
    assert upload.line() is None


def test_what_is_refused_at_once_has_its_status_also_for_who_wants_to_know() -> None:
    with gateway_on_stage(files_at_once=1) as gateway:
        first = Upload(gateway, (wav(1), "audio/wav"))
        first.opened()
        with pytest.raises(urllib.error.HTTPError, match="503") as refused:
            gateway.meanwhile(lambda: next(lines(gateway, wav(1))))
        refused.value.close()
        gateway.harness.end(first.session, SessionEnd.OPERATOR, "not now")
        assert first.answer()[0] == 503
        # The place of who goes away while it is told is free again.
        second = WatchedUpload(gateway, wav(1))
        second.opened()
        second.speech(0)
        assert "heard_s" in second.line()
        gateway.meanwhile(second.go_away)
        assert second.ended().reason is SessionEnd.HUNG_UP
        gateway.harness.end(second.session, SessionEnd.HUNG_UP, "gone")
        third = Upload(gateway, (wav(1), "audio/wav"))
        third.opened()
        assert third.answer()[0] == 200


def test_a_file_in_which_nobody_speaks_has_no_words(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, (wav(1), "audio/wav"))
    upload.opened()
    status, told = upload.answer()
    assert (status, told["text"], told["segments"]) == (200, "", [])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (form("file", b"no sound at all"), 400, "send a sound file"),
        (form("file", b""), 400, "empty"),
        (form("other", wav(1)), 400, "`file` or `audio`"),
        ((b"--x", "multipart/form-data"), 400, "form"),
        ((b"--x", "multipart/form-data; boundary=y"), 400, "form"),
        (as_json(audio="!!!"), 400, "base64"),
        (as_json(audio=""), 400, "empty"),
        (as_json(audio="x"), 400, "base64"),
        (as_json(), 400, "audio"),
        ((b"{", "application/json"), 400, "JSON"),
        ((b"", "audio/wav"), 400, "empty"),
        (as_json(audio=packed(wav(1)), question="x" * 30_000), 400, "question"),
        ((wav(21), "audio/wav"), 413, "longer than 20 s"),
        ((bytes(1_000_001), "audio/wav"), 413, "larger than 1 MB"),
        (form("file", bytes(1_200_000)), 413, "larger than 1 MB"),
        (as_json(audio="A" * 1_500_000), 413, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    gateway: GatewayOnStage, body: tuple[bytes, str], status: int, says: str
) -> None:
    upload = Upload(gateway, body)
    code, told = upload.answer()
    assert (code, says in told["error"]) == (status, True), told
    gateway.harness.expect_nothing("sessions")


def test_when_all_places_are_taken_the_next_file_is_to_come_later() -> None:
    with gateway_on_stage(files_at_once=1) as gateway:
        first = Upload(gateway, (wav(1), "audio/wav"))
        first.opened()
        second = Upload(gateway, (wav(1), "audio/wav"))
        status, told = second.answer()
        assert (status, "later" in told["error"]) == (503, True)
        assert second.retry_after()
        gateway.harness.end(first.session, SessionEnd.OPERATOR, "not now")
        assert first.answer() == (503, {"error": "not now"})
        third = Upload(gateway, (wav(1), "audio/wav"))
        third.opened()
        assert third.answer()[0] == 200


def test_without_words_in_time_it_is_504_and_the_session_ends() -> None:
    with gateway_on_stage(file_patience_s=1.0, file_speed=20) as gateway:
        upload = Upload(gateway, (wav(0.2), "audio/wav"))
        upload.opened()
        upload.speech(0)
        status, told = upload.answer()
        assert (status, "no words" in told["error"]) == (504, True)
        assert upload.ended().reason is SessionEnd.HUNG_UP


def test_words_that_nobody_could_tell_are_504_with_the_reason(gateway: GatewayOnStage) -> None:
    upload = Upload(gateway, (wav(1), "audio/wav"))
    upload.opened()
    for after in (-1, RATE):  # It is heard again, once.
        block = gateway.harness.expect("audio", Audio, where=_is_start_of_file(after))
        turn = upload.speech(block.position)
        upload.heard_to(block.position + RATE)
        upload.speech(block.position, block.position + RATE)
        upload.close(turn, Outcome.FAILED, reason="no quota")
    status, told = upload.answer()
    assert (status, "no quota" in told["error"]) == (504, True)


@pytest.mark.parametrize("opens", [False, True])
def test_the_session_of_a_caller_who_goes_away_ends(gateway: GatewayOnStage, opens: bool) -> None:
    host, _, port = gateway.url.partition(":")
    data = wav(2)
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n"
    client = socket.create_connection((host, int(port)))
    client.sendall(head.encode() + data)
    asked = gateway.harness.expect("sessions", SessionOpened)
    if opens:
        gateway.harness.open(asked.session, plays=False)
        gateway.harness.expect("audio", Audio)
    client.close()
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (asked.session, SessionEnd.HUNG_UP)
    gateway.harness.end(asked.session)
    assert gateway.request("GET", "/healthz")[1]["callers"] == 0


def test_of_a_caller_who_goes_away_in_mid_upload_nothing_is_left() -> None:
    with gateway_on_stage(files_at_once=1) as gateway:
        host, _, port = gateway.url.partition(":")
        client = socket.create_connection((host, int(port)))
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nRIFF"
        client.sendall(head.encode())
        status = 200
        while status == 200:  # Until it is there.
            status, _ = gateway.meanwhile(lambda: _peek(gateway))
        assert status == 503
        client.close()
        while status != 400:  # Until its place is free.
            status, _ = gateway.meanwhile(lambda: _peek(gateway))


def _is_start_of_file(after: int) -> Callable[[Audio], bool]:
    return lambda frame: frame.position > after and frame.pcm[:2] == b"\x01\0"


def _peek(gateway: GatewayOnStage) -> tuple[int, Any]:
    request = urllib.request.Request(f"http://{gateway.url}{PATH}", b"x", method="POST")
    request.add_header("Content-Type", "audio/wav")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
