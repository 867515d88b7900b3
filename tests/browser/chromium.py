"""Chromium, over the DevTools protocol."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

from browser import TAP, Browser, Socket, eventually

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), " ": (32, " "), "Escape": (27, "")}
"""Code and text of keys that are no letters."""


class Chromium(Browser):
    """A headless Chromium with a microphone that plays a file, once.

    Args:
        profile: Folder of its own.
        microphone: WAV file; None: Chromium's own beeps.
        more: Further arguments.
    """

    def __init__(self, profile: Path, microphone: Path | None = None, *more: str) -> None:
        arguments = [*ARGUMENTS, f"--user-data-dir={profile}", *more]
        if microphone is not None:
            arguments.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
        super().__init__("chromium", [*arguments, "about:blank"], profile)
        port_file = profile / "DevToolsActivePort"
        lines = eventually(
            lambda: port_file.exists() and port_file.read_text().split(),
            "start of Chromium",
            (profile / "log").read_text,
        )
        self._port = int(lines[0])
        self.page = Socket(self._targets("page")[0]["webSocketDebuggerUrl"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.page.call(f"{domain}.enable")
        self.page.call("Page.addScriptToEvaluateOnNewDocument", source=TAP)

    def close(self) -> None:
        """Let go of the connection to it."""
        self.page.close()

    def open(self, url: str) -> None:
        """Show a page."""
        self.page.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'", "page")

    def reload(self) -> None:
        """Show the page anew."""
        self.evaluate("window.isOld = true")
        self.page.call("Page.reload")
        self.until("!window.isOld && document.readyState === 'complete'", "page")

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        answer = self.page.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click on an element, as a mouse does."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView(); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.page.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            code, text = KEYS.get(key, (ord(key[0].upper()), key))
            shared = {"key": key, "windowsVirtualKeyCode": code}
            self.page.call("Input.dispatchKeyEvent", type="keyDown", text=text, **shared)
            self.page.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def write(self, text: str) -> None:
        """Put text where the focus is."""
        self.page.call("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        path.write_bytes(base64.b64decode(self.page.call("Page.captureScreenshot")["data"]))

    def look_like(self, width: int, height: int, scheme: str) -> None:
        """Be as wide and high, in light or dark."""
        self.page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        self.page.call("Emulation.setEmulatedMedia", features=media)

    def names(self) -> list[tuple[str, str]]:
        """Return role and name of what a screen reader is told."""
        nodes = self.page.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (each["role"]["value"], each.get("name", {}).get("value", ""))
            for each in nodes
            if not each.get("ignored")
        ]

    def keep_downloads(self, folder: Path) -> None:
        """Write what a page wants to be kept into a folder."""
        folder.mkdir()
        self.page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file, as in a file dialogue."""
        node = self.page.call(
            "Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})"
        )
        found = node["result"]["objectId"]
        self.page.call("DOM.setFileInputFiles", files=[str(path)], objectId=found)

    def problems(self) -> list[str]:
        """Return what scripts of the page failed with, and what the browser complains of."""
        self.evaluate("0")
        found = []
        for event in self.page.events:
            params = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"]))
            if event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def requested(self) -> list[str]:
        """Return the addresses that were asked for."""
        sent = (e for e in self.page.events if e.get("method") == "Network.requestWillBeSent")
        return [each["params"]["request"]["url"] for each in sent]

    def _targets(self, kind: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{self._port}/json/list"
        with urllib.request.urlopen(url, timeout=20) as response:
            targets: list[dict[str, Any]] = json.load(response)
        return [each for each in targets if each["type"] == kind]
