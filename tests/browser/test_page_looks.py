"""The page in Chromium as it is looked at: scripts, sizes, light and dark.

What is said comes from the test: the simulator's voice speaks Latin letters only.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chromium import Chromium
from gateway_client import GatewayOnStage, gateway_on_stage
from pages import TALKS, lines, microphone

from pipeline.frames import Outcome, Side, Transcript, TurnClosed

pytestmark = pytest.mark.browser
SIZES = {"phone": (375, 812), "desktop": (1280, 800)}
SAID = [
    ("नमस्ते दुनिया", "नमस्ते, मैं आपकी क्या मदद कर सकता हूँ?", "ltr", "hi"),
    ("مرحبا، كم الساعة؟", "الساعة الآن 10:30 صباحاً في باريس (Paris).", "rtl", "ar"),
    ("こんにちは、元気ですか", "直接お手伝いします。今日は骨董品の話ですね。", "ltr", "ja"),
    ("Olá, você está aí?", "Não há razão para preocupação: o coração está ótimo.", "ltr", ""),
    ('<b>bold</b> & "so on"', "An-answer-without-any-space-" * 8, "ltr", ""),
]
"""What is asked and answered, in which direction it is read, and which language that tells."""
SMALL = """
[...document.querySelectorAll("button, input, summary")]
  .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 44)
  .map((each) => each.outerHTML)
"""
"""What a finger does not hit (WCAG 2.5.5)."""
CONTRAST = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const colour = node ? getComputedStyle(node).backgroundColor : "white";
    return node && /, 0\\)$/.test(colour) ? behind(node.parentElement) : colour;
  };
  return [...document.querySelectorAll("h1, p, li, dt, dd, label, summary, button:enabled")]
    .filter((each) => each.innerText && each.offsetParent && !each.closest(".unseen"))
    .map((each) => {
      const both = [luminance(getComputedStyle(each).color), luminance(behind(each))];
      return [(Math.max(...both) + 0.05) / (Math.min(...both) + 0.05), each.outerHTML];
    })
    .filter(([ratio]) => ratio < 4.5);
})()
"""
"""What is hard to read (WCAG 1.4.3)."""


def say(gateway: GatewayOnStage, session: str, number: int, side: Side, text: str) -> None:
    turn = f"{session}:{number}"
    spoken = Transcript(
        session=session, turn=turn, side=side, text=text, backend="live", epoch=1, final=True
    )
    gateway.harness.send("transcript", spoken)


@pytest.fixture
def browser(tmp_path: Path) -> Chromium:
    return Chromium(tmp_path, microphone(tmp_path / "quiet.wav", 1.0))


def test_any_script_is_read_in_its_direction_and_every_size_and_scheme_can_be_read(
    browser: Chromium,
) -> None:
    with browser, gateway_on_stage() as gateway:

        def talk() -> str:
            browser.look_like(*SIZES["desktop"], "light")
            browser.open(f"http://{gateway.url}")
            browser.click("#talk")
            browser.until(TALKS, "connection")
            name: str = browser.evaluate("sessionStorage.getItem('greenroom-session')")
            return name

        session = gateway.meanwhile(talk, opens=True)
        for number, (question, answer, _, _) in enumerate(SAID):
            say(gateway, session, number, Side.USER, question)
            say(gateway, session, number, Side.MODEL, answer)
            closed = TurnClosed(
                session=session, turn=f"{session}:{number}", outcome=Outcome.ANSWERED, by="live"
            )
            gateway.harness.send("turns", closed)
        last = "document.querySelectorAll('#transcript li').length"
        gateway.meanwhile(lambda: browser.until(f"{last} === {2 * len(SAID)}", "words"))
        gateway.meanwhile(lambda: look(browser))


def look(browser: Chromium) -> None:
    assert lines(browser, "user") == [question for question, *_ in SAID]
    assert lines(browser, "model") == [answer for _, answer, *_ in SAID]
    for number, (_, _, direction, language) in enumerate(SAID):
        for role in ("user", "model"):
            item = f"document.querySelectorAll('#transcript li.{role} > span:last-child')[{number}]"
            assert browser.evaluate(f"getComputedStyle({item}).direction") == direction
            assert browser.evaluate(f"{item}.lang") == language
    for name, size in SIZES.items():
        for scheme in ("light", "dark"):
            browser.look_like(*size, scheme)
            assert browser.evaluate("document.documentElement.scrollWidth") <= size[0]
            assert browser.evaluate(SMALL) == []
            assert browser.evaluate(CONTRAST) == []
            browser.evaluate("document.querySelector('#transcript').scrollTo(0, 0)")
            folder = os.environ.get("PICTURES")
            if folder:
                browser.screenshot(Path(folder, f"{name}_{scheme}.png"))
    assert browser.problems() == []
