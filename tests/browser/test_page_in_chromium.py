"""The page of a caller in Chromium: spoken to, interrupted, reloaded, cut off, looked at.

Runs only when asked for: `pytest -m browser tests/browser`. Pictures go to the
folder `PICTURES`, if that is set.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import eventually
from chromium import Chromium
from pages import ANSWERED, SPEECH, TALKS, goes_on, lines, microphone, recognised
from tcp_proxy import TcpProxy

pytestmark = pytest.mark.browser
CUT_S = 10.0
LISTENS_S = 1.5
"""Before the first word: the detector learns the noise of the room."""
BARGE_IN_MS = 300


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Chromium]:
    """A browser whose microphone hears nothing."""
    with Chromium(tmp_path, microphone(tmp_path / "quiet.wav", 1.0)) as browser:
        yield browser


def talk(browser: Chromium, url: str) -> None:
    browser.open(url)
    browser.click("#talk")
    browser.until(TALKS, "connection")


def say(browser: Chromium, text: str) -> None:
    """Type, and wait for the answer to be whole."""
    before = len(lines(browser, "model"))
    browser.click("#text")
    browser.write(text)
    browser.press("Enter")
    eventually(
        lambda: len(lines(browser, "model")) > before,
        f"answer to {text}",
        lambda: browser.text("body"),
    )
    browser.until("document.querySelector('#doing').innerText === 'Speak.'", "end of the turn")


def sessions(url: str) -> dict[str, dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/live-audio/sessions", timeout=20) as response:
        return {each["session_id"]: each for each in json.load(response)["sessions"]}


def own_session(browser: Chromium) -> str:
    name: str = browser.evaluate("sessionStorage.getItem('greenroom-session')")
    return name


def picture(browser: Chromium, name: str) -> None:
    folder = os.environ.get("PICTURES")
    if folder:
        browser.screenshot(Path(folder, f"{name}.png"))


def test_a_spoken_question_is_answered_with_sound(gateway: str, tmp_path: Path) -> None:
    asked = microphone(tmp_path / "asked.wav", LISTENS_S, "goforward.wav", 5.0)
    with Chromium(tmp_path, asked) as browser:
        talk(browser, gateway)
        browser.until("document.querySelector('#microphone').value > 0.05", "level of the voice")
        browser.until("document.querySelector('#answer').value > 0.05", "level of the answer")
        browser.until(ANSWERED, "end of the turn")
        browser.until("!isSounding()", "silence")
        assert "ten meters" in recognised(browser)
        assert "ten meters" in " ".join(lines(browser, "user")).lower()
        assert "ten meters" in " ".join(lines(browser, "model")).lower()
        assert browser.text("#by") == "live"
        assert browser.text("#first").endswith(" ms")
        assert browser.text("#left").startswith("14:")
        browser.until("document.querySelector('#network').innerText !== '-'", "round trip")
        assert browser.text("#echo") == "on"
        browser.evaluate("document.querySelector('#keep').scrollIntoView()")
        folder = tmp_path / "kept"
        browser.keep_downloads(folder)
        browser.click("#keep")
        kept = folder / "conversation.txt"
        eventually(lambda: kept.exists() and kept.stat().st_size, "transcript", lambda: "")
        said = kept.read_text().splitlines()
        assert [line.split(" ", 1)[1].split(":")[0] for line in said] == ["You", "Answer"]
        browser.click("#talk")
        browser.until("document.querySelector('#talk').innerText === 'Talk'", "end")
        assert browser.evaluate("sessionStorage.getItem('greenroom-session')") is None
        assert browser.problems() == []
        assert {u.split("/")[2] for u in browser.requested() if "//" in u} == {
            gateway.split("/")[2]
        }


def test_who_is_talked_to_is_silent_when_interrupted(gateway: str, tmp_path: Path) -> None:
    asked = microphone(
        tmp_path / "asked.wav", LISTENS_S, "austen-0870.wav", 3.5, "cards-001.wav", 5.0
    )
    with Chromium(tmp_path, asked) as browser:
        browser.open(gateway)
        browser.click("#talk")
        browser.until("isSounding()", "answer")
        browser.until("document.querySelector('#transcript li.model.cut')", "end of it")
        cut_ms = browser.evaluate("performance.now()")
        browser.until("!isSounding()", "silence")
        assert browser.evaluate("lastSoundMs()") < cut_ms + BARGE_IN_MS
        eventually(
            lambda: "ten of clubs" in lines(browser, "model")[-1].lower(),
            "answer to what was said then",
            lambda: browser.text("body"),
        )
        picture(browser, "interrupted")
        assert browser.problems() == []


LONG = "and mister John Dashwood had then leisure to consider how much there might be in his power"


def test_a_reload_in_mid_answer_comes_back_to_the_same_conversation(
    gateway: str, quiet: Chromium, tmp_path: Path
) -> None:
    # Typed: with each page a file that plays for a microphone begins anew, and would interrupt.
    talk(quiet, gateway)
    quiet.click("#text")
    quiet.write(LONG)
    quiet.press("Enter")
    quiet.until("isSounding()", "answer")
    quiet.until("document.querySelector('#left').innerText < '14:59'", "two seconds")
    name, left = own_session(quiet), quiet.text("#left")
    quiet.reload()
    assert lines(quiet, "user"), "what was said before is gone"
    goes_on(quiet)
    assert own_session(quiet) == name
    assert quiet.text("#left") <= left
    quiet.until(ANSWERED, "end of the turn")
    quiet.until("!isSounding()", "silence")
    assert "in his power" in recognised(quiet)
    assert sessions(gateway)[name]["state"] == "present"
    answer = " ".join(lines(quiet, "model")).lower()
    assert answer.count("dashwood") == 1
    assert quiet.problems() == []


def test_a_network_that_is_gone_for_10_s_is_noticed_and_the_conversation_goes_on(
    gateway: str, quiet: Chromium
) -> None:
    with TcpProxy(gateway) as network:
        talk(quiet, network.url)
        say(quiet, "My name is Anna.")
        name = own_session(quiet)
        network.stop()
        stopped_s = time.monotonic()
        quiet.until("document.body.dataset.state === 'waiting'", "note of the loss")
        assert time.monotonic() - stopped_s < CUT_S
        picture(quiet, "cut_off")
        quiet.until(
            f"performance.now() > {quiet.evaluate('performance.now()')} + {CUT_S * 500}", ""
        )
        network.go_on()
        quiet.until(TALKS, "connection")
        assert own_session(quiet) == name
        say(quiet, "Are you there?")
        notes = lines(quiet, "note")
        assert notes[0].startswith("The connection is lost")
        assert notes[-1] == "The connection is back."
        assert len(notes) == 2


def test_a_conversation_ends_at_its_time_and_its_caller_is_warned(
    gateway: str, quiet: Chromium
) -> None:
    talk(quiet, f"{gateway}/?lasts_s=9")
    quiet.until("document.querySelector('#left.soon')", "warning")
    assert "ends in 6 s" in lines(quiet, "note")[0]
    picture(quiet, "ends_soon")
    quiet.until("document.body.dataset.state === 'closed'", "end")
    assert "as long as it may" in quiet.text("#state")
    assert quiet.text("#talk") == "Talk"
    picture(quiet, "ended")
    quiet.click("#talk")
    quiet.until(TALKS, "another conversation")


def test_an_end_that_came_while_the_page_was_away_is_told_and_another_conversation_begins(
    gateway: str, quiet: Chromium
) -> None:
    talk(quiet, f"{gateway}/?lasts_s=9")
    name = own_session(quiet)
    quiet.open("about:blank")
    eventually(lambda: name not in sessions(gateway), "end", lambda: sessions(gateway))
    quiet.open(gateway)
    goes_on(quiet)
    assert "is over" in lines(quiet, "note")[-1]
    assert quiet.text("#left") > "14:50"


def test_everything_is_done_by_keyboard_and_has_a_name_for_screen_readers(
    gateway: str, quiet: Chromium
) -> None:
    quiet.open(gateway)
    focused = "document.activeElement.id || document.activeElement.tagName"

    def tab_to(name: str) -> None:
        for _ in range(12):
            quiet.press("Tab")
            if quiet.evaluate(focused) == name:
                return
        pytest.fail(f"no {name} by Tab, but {quiet.evaluate(focused)}")

    tab_to("talk")
    quiet.press("Enter")
    quiet.until(TALKS, "connection")
    tab_to("mute")
    quiet.press(" ")
    quiet.until("document.querySelector('#mute').getAttribute('aria-pressed') === 'true'", "mute")
    tab_to("text")
    quiet.write("Hello")
    quiet.press("Enter")
    quiet.until("document.querySelector('#transcript li.model')", "answer")
    tab_to("look")
    quiet.press(" ")
    quiet.until("document.querySelector('#camera').videoWidth > 0", "camera")
    picture(quiet, "camera")
    names = quiet.names()
    for expected in (
        ("heading", "Greenroom"),
        ("meter", "You"),
        ("meter", "Answer"),
        ("list", "What was said"),
        ("textbox", "Type instead of speaking"),
        ("button", "End"),
        ("button", "Muted"),
        ("button", "Camera"),
        ("button", "Keep the transcript"),
    ):
        assert expected in names, names
    assert not [role for role, name in names if role in ("button", "textbox", "meter") and not name]
    tab_to("talk")
    quiet.press("Enter")
    quiet.until("document.querySelector('#talk').innerText === 'Talk'", "end")


def test_a_sound_file_is_put_into_words(gateway: str, quiet: Chromium) -> None:
    quiet.open(gateway)
    quiet.click("summary")
    quiet.choose_file("input[type=file]", SPEECH / "goforward.wav")
    quiet.click("[data-part=send]")
    quiet.until("/heard/.test(document.querySelector('[data-part=state]').innerText)", "words")
    assert "ten meters" in quiet.text("[data-part=words]").lower()
    picture(quiet, "file")
    quiet.choose_file("input[type=file]", Path(__file__))
    quiet.click("[data-part=send]")
    quiet.until(
        "/did not work/.test(document.querySelector('[data-part=state]').innerText)", "error"
    )
