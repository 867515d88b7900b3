"""`greenroom call`, with a server of the test on this machine."""

from __future__ import annotations

import asyncio
import json
import threading
import wave
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import websockets
from bots import AudioSocketBot, Serve, TwilioBot, hum, serving
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from actors.lib.audio.pcm import Samples
from actors.lib.audio.wav_file import WavFile
from pipeline.errors import GreenroomError


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """Half a second of speech, as far as anybody can tell, and a little silence."""
    return sound_file(tmp_path / "word.wav", hum(0.5))


def sound_file(path: Path, samples: Samples) -> Path:
    file = WavFile(path, 8_000, append=False)
    file.write(samples)
    file.close()
    return path


@contextmanager
def in_background(serve: Callable[[Future[str]], Awaitable[None]]) -> Iterator[str]:
    """Run a server on a loop of its own; gives its address."""
    address: Future[str] = Future()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(address))  # type: ignore[arg-type]
    task.add_done_callback(lambda _: loop.stop())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield address.result(30)
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@contextmanager
def at_work(serve: Serve, **options: Any) -> Iterator[str]:
    async def run(address: Future[str]) -> None:
        async with serving(serve, **options) as url:
            address.set_result(url)
            await asyncio.Event().wait()

    with in_background(run) as url:
        yield url


def called(*arguments: str | Path, exit_code: int = 0) -> str:
    done = CliRunner().invoke(make_greenroom(), ["call", *map(str, arguments)])
    if isinstance(done.exception, GreenroomError):
        raise done.exception
    assert done.exit_code == exit_code, done.output
    return done.output


def told(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_question_is_answered_and_all_is_told(word: Path, tmp_path: Path) -> None:
    bot = TwilioBot()
    heard = tmp_path / "heard.wav"
    with at_work(bot.serve) as url:
        lines = told(
            called(
                f"{url}/phone/twilio?business=lost",
                *("--say", word, "--out", heard, "--parameter", "business=b42", "--machine"),
                *("--call-id", "CA1", "--auth-token", "12345", "--header", "X-Test: yes"),
                *("--public-url", "wss://bot.example/phone/twilio"),
            )
        )
    kinds = [each["what"] for each in lines]
    assert kinds[:2] == ["connected", "started"]
    assert [each for each in kinds if each in ("say", "answer", "hung_up", "summary")] == [
        *("say", "answer", "hung_up", "summary")
    ]
    summary = lines[-1]
    # The bot waits for 200 ms of silence; the rest is this machine's.
    assert summary["latencies_ms"][0] >= 190
    assert (summary["marks"], summary["marks_back"]) == (2, 2)
    assert (summary["gaps_ms"], summary["faults"], summary["hung_up_by"]) == ([], [], "caller")
    assert 900 < summary["most_waiting_ms"] <= 1000
    assert bot.path == "/phone/twilio"
    assert bot.start["customParameters"] == {"business": "b42"}
    assert bot.start["callSid"] == "CA1"
    assert bot.events[-1] == "stop"
    # As twilio.request_validator.RequestValidator("12345").compute_signature has it.
    assert bot.headers["x-twilio-signature"] == "Xxnc25haLmGB+flDQ1NMCZvPgSc="
    assert bot.headers["x-test"] == "yes"
    with wave.open(str(heard)) as file:
        assert file.getframerate() == 8_000
        seconds = file.getnframes() / 8_000
    assert seconds == pytest.approx(summary["heard_s"], abs=0.1)


def test_an_answer_is_interrupted_and_keys_are_pressed(word: Path) -> None:
    bot = TwilioBot(answer_s=3.0)
    with at_work(bot.serve) as url:
        lines = told(
            called(
                f"{url}/phone/twilio",
                *("--after", "0.1", "--say", word, "--after", "0.5", "--say", word),
                *("--while-answering", "--keys", "1#", "--machine", "--patience", "1"),
                *("--silence", "0.2"),
            )
        )
    (cleared,) = [each for each in lines if each["what"] == "clear"]
    assert cleared["marks"] == 2
    assert 0 < cleared["left_ms"] < 3_000
    (cut,) = [each for each in lines if each["what"] == "cut"]
    assert cut["after_ms"] < 2_000
    assert [each["cleared"] for each in lines if each["what"] == "mark_back"] == [
        *(True, True, False, False)
    ]
    says = [each["at_s"] for each in lines if each["what"] == "say"]
    answers = [each["at_s"] for each in lines if each["what"] == "answer"]
    assert says[0] < answers[0] < says[1] < answers[1]
    assert says[1] - answers[0] == pytest.approx(0.5, abs=0.2)
    assert bot.keys == "1#"


def test_a_gap_in_an_answer_is_told(word: Path) -> None:
    bot = TwilioBot(gap_s=0.3)
    with at_work(bot.serve) as url:
        lines = told(called(f"{url}/phone/twilio", "--say", word, "--machine"))
    (gap,) = [each for each in lines if each["what"] == "gap"]
    assert gap["ms"] >= 250
    assert lines[-1]["gaps_ms"] == [gap["ms"]]


def test_who_is_interrupted_and_does_not_clear_is_heard_on(word: Path) -> None:
    bot = TwilioBot(answer_s=2.0, clears=False)
    with at_work(bot.serve) as url:
        lines = told(
            called(
                f"{url}/phone/twilio",
                *("--say", word, "--after", "0.2", "--say", word, "--while-answering"),
                *("--machine", "--patience", "1"),
            )
        )
    kinds = [each["what"] for each in lines]
    assert "clear" not in kinds
    (cut,) = [each for each in lines if each["what"] == "cut"]
    # The answer was heard to its end, and the next one behind it.
    assert cut["after_ms"] > 1_500


def test_a_fault_is_printed_and_ends_with_1() -> None:
    async def wrong(websocket: websockets.ServerConnection) -> None:
        await websocket.send('{"event":"media","streamSid":"mine","media":{"payload":""}}')
        await websocket.close(1011, "it is broken")

    with at_work(wrong) as url:
        output = called(f"{url}/x", "--protocol", "twilio", "--keys", "1", exit_code=1)
    assert "fault      streamSid is 'mine'" in output
    assert "hung up    by the server: 1011 it is broken" in output
    assert "faults: 1" in output


def test_the_person_hangs_up_after_so_long(word: Path) -> None:
    bot = TwilioBot()
    with at_work(bot.serve) as url:
        output = called(f"{url}/phone/twilio", "--say", word, "--hang-up-after", "0.3")
    assert "by the caller" in output
    assert bot.ended.is_set()


def test_a_call_over_plain_tcp() -> None:
    bot = AudioSocketBot()

    async def run(address: Future[str]) -> None:
        server = await asyncio.start_server(bot.serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            address.set_result(f"tcp://127.0.0.1:{port}")
            await asyncio.Event().wait()

    call_id = "11111111-2222-3333-4444-555555555555"
    with in_background(run) as url:
        lines = told(
            called(url, "--after", "0.1", "--keys", "7", "--call-id", call_id, "--machine")
        )
    assert bot.call.hex() == call_id.replace("-", "")
    assert bot.keys == "7"
    assert bot.heard > 0
    assert lines[-1]["hung_up_by"] == "server"
    assert lines[-1]["faults"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ws://127.0.0.1:1/phone/twilio", "--keys", "1"], "cannot be called"),
        (["ws://127.0.0.1:1/x", "--keys", "1"], "--protocol is one of twilio"),
        (["ws://127.0.0.1:1/x", "--protocol", "twillio"], "did you mean 'twilio'"),
        (["http://127.0.0.1/phone/asterisk", "--keys", "1"], "no URL for chan_websocket"),
        (["http://127.0.0.1:1/phone/twilio/answer", "--keys", "1"], "cannot be asked: .*refused"),
        (["tcp://127.0.0.1", "--keys", "1"], "has no port"),
        (["tcp://127.0.0.1:1", "--call-id", "CA1", "--keys", "1"], "UUID"),
        (["ws://h/phone/twilio", "--rate", "9000"], "no line of 9000 Hz"),
        (["ws://h/phone/twilio", "--keys", "x"], "there are the keys"),
        (["ws://h/phone/twilio", "--say", "nowhere.wav"], "nowhere.wav"),
        (["ws://h/phone/twilio", "--after", "1"], "--after is about"),
        (["ws://h/phone/twilio", "--while-answering"], "--while-answering is about"),
        (["ws://h/phone/twilio", "--parameter", "b42"], "--parameter NAME=VALUE"),
        (["ws://h/phone/twilio", "--header", "b42"], "--header NAME:VALUE"),
        (["ws://h/phone/twilio", "--loss", "2"], "such as 0.02"),
        (["ws://h:99999/phone/twilio"], "is no URL"),
    ],
)
def test_what_cannot_be_called_is_said(arguments: list[str], said: str) -> None:
    with pytest.raises(GreenroomError, match=said):
        called(*arguments)


def test_a_server_that_refuses_is_quoted() -> None:
    def refuse(connection: websockets.ServerConnection, _request: Any) -> Any:
        return connection.respond(HTTPStatus.FORBIDDEN, "the signature is wrong")

    with (
        at_work(TwilioBot().serve, process_request=refuse) as url,
        pytest.raises(GreenroomError, match="with 403: the signature is wrong; see --auth-token"),
    ):
        called(f"{url}/phone/twilio", "--keys", "1")


def test_a_server_that_does_not_take_the_sub_protocol_is_refused() -> None:
    said = r"'audio\.drachtio\.org', without which jambonz hangs up"
    with at_work(TwilioBot().serve) as url, pytest.raises(GreenroomError, match=said):
        called(f"{url}/phone/jambonz", "--keys", "1")
