"""The page of a caller in Firefox: spoken to, reloaded, cut off, without any device.

Its microphone and its loudspeaker are those of a PulseAudio of the test's own.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser import eventually
from firefox import Firefox
from pages import ANSWERED, SPEECH, TALKS, goes_on, lines, recognised
from sound_server import SoundServer
from tcp_proxy import TcpProxy

pytestmark = pytest.mark.browser
ENTER = "\ue007"
"""WebDriver 2, 17.4.2: the key."""


def test_a_spoken_question_is_answered_with_sound_and_a_reload_goes_on(
    gateway: str, sound: SoundServer, tmp_path: Path
) -> None:
    with Firefox(tmp_path, sound.environment) as browser:
        browser.look_like(1280, 800)
        browser.open(gateway)
        browser.click("#talk")
        browser.until(TALKS, "connection")
        with sound.saying(SPEECH / "goforward.wav"):
            level = "document.querySelector('#microphone').value > 0.05"
            browser.until(level, "level of the voice")
            browser.until("document.querySelector('#answer').value > 0.05", "level of the answer")
        browser.until(ANSWERED, "end of the turn")
        browser.until("!isSounding()", "silence")
        assert "ten meters" in recognised(browser)
        assert "ten meters" in " ".join(lines(browser, "user")).lower()
        folder = os.environ.get("PICTURES")
        if folder:
            browser.screenshot(Path(folder, "firefox.png"))
        name = browser.evaluate("sessionStorage.getItem('greenroom-session')")
        browser.reload()
        goes_on(browser)
        assert browser.evaluate("sessionStorage.getItem('greenroom-session')") == name
        assert "ten meters" in " ".join(lines(browser, "model")).lower()
        assert browser.problems() == []


def test_without_a_loudspeaker_one_reads_and_types_also_after_the_network_was_gone(
    gateway: str, tmp_path: Path
) -> None:
    """Firefox lets no sound be heard then, and says nothing of it."""
    with Firefox(tmp_path) as browser, TcpProxy(gateway) as network:
        browser.look_like(375, 812)
        browser.open(network.url)
        browser.click("#talk")
        browser.until(TALKS, "connection")
        assert not browser.evaluate("document.querySelector('#resume').hidden")
        browser.click("#text")
        browser.write(f"Hello there{ENTER}")
        eventually(lambda: lines(browser, "model"), "answer", lambda: browser.text("body"))
        network.stop()
        browser.until("document.body.dataset.state === 'waiting'", "note of the loss")
        network.go_on()
        browser.until(TALKS, "connection")
        assert lines(browser, "note")[-1] == "The connection is back."
        assert browser.evaluate("document.documentElement.scrollWidth") <= 375
        assert browser.problems() == []
