"""The pages in Chromium at a gateway that serves holders of keys only."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import Chromium
from gateway_client import gateway_on_stage
from gateway_keys import add_key, ask, mint
from pages import TALKS, goes_on, lines, microphone

pytestmark = pytest.mark.browser
ASKS = "!document.querySelector('#entry').hidden"


@pytest.fixture
def browser(tmp_path: Path) -> Chromium:
    return Chromium(tmp_path, microphone(tmp_path / "quiet.wav", 1.0))


def test_who_has_a_key_talks_with_a_token_and_comes_back_with_another(browser: Chromium) -> None:
    with browser, gateway_on_stage() as gateway:
        key = add_key(gateway, "site")

        def be_asked() -> None:
            browser.open(f"http://{gateway.url}")
            browser.click("#talk")
            browser.until(ASKS, "question for the key")

        def give(text: str) -> None:
            browser.click("#key")
            browser.write(text)
            browser.press("Enter")

        def talk() -> None:
            give(key)
            browser.until(TALKS, "connection")

        def give_another() -> None:
            give("gr_nonsense")
            browser.until("document.querySelectorAll('#transcript li.note').length > 1", "refusal")

        def come_back() -> None:
            browser.reload()
            goes_on(browser)

        gateway.meanwhile(be_asked)
        gateway.meanwhile(give_another)
        gateway.meanwhile(talk, opens=True)
        assert "key" in gateway.meanwhile(lambda: lines(browser, "note"))[0]
        gateway.meanwhile(come_back)
        notes = gateway.meanwhile(lambda: lines(browser, "note"))
        assert not [each for each in notes if "another one" in each]
        requested = [url for url in browser.requested() if key in url]
        assert requested == []


def test_a_link_with_a_token_is_enough(browser: Chromium) -> None:
    with browser, gateway_on_stage() as gateway:
        token = mint(gateway, add_key(gateway, "site"))

        def talk() -> None:
            browser.open(f"http://{gateway.url}/#token={token}")
            browser.click("#talk")
            browser.until(TALKS, "connection")
            assert token not in browser.evaluate("location.href")

        gateway.meanwhile(talk, opens=True)


def test_the_operator_is_asked_for_a_key_with_its_scope(browser: Chromium) -> None:
    with browser, gateway_on_stage() as gateway:
        talks, operates = add_key(gateway, "site"), add_key(gateway, "operator", "operate")

        def look() -> None:
            browser.open(f"http://{gateway.url}/operator")
            for key, told in (("", "needed"), (talks, "scope"), (operates, "0 open")):
                if key:
                    browser.click("#key")
                    browser.write(key)
                    browser.press("Enter")
                browser.until(
                    f"document.querySelector('#state').innerText.includes('{told}')", told
                )
            browser.until("document.querySelector('#entry').hidden", "its end")

        gateway.meanwhile(look)
        assert ask(gateway, "GET", "/metrics", Authorization=f"Bearer {talks}")[0] == 403
