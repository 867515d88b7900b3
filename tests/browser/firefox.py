"""Firefox, over WebDriver BiDi."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from browser import TAP, Browser, Socket, eventually

PREFERENCES = {
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    # Frames, 85 ms: its audio threads have no real-time priority, and a busy machine cuts words.
    "media.cubeb_latency_mtg_frames": 4096,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "data:,",
}
CUT = re.compile(
    r"The connection to wss?://\S+ was interrupted while the page was loading\."
    r"|Firefox can.t establish a connection to the server at wss?://\S+\."
)
"""What Firefox itself says of a socket whose network was cut: `netInterrupt` and
`connectionFailure` of its appstrings.properties, which no script could catch."""
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Firefox(Browser):
    """A headless Firefox with the microphone and the loudspeaker of a sound server.

    Args:
        profile: Folder of its own.
        environment: With the sound server; None: without any device, but for Firefox' own beeps.
    """

    def __init__(self, profile: Path, environment: dict[str, str] | None = None) -> None:
        preferences = {**PREFERENCES, "media.navigator.streams.fake": environment is None}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items())
        (profile / "user.js").write_text("\n".join(lines))
        arguments = ["--headless", "--no-remote", "--profile", str(profile)]
        arguments.append("--remote-debugging-port=0")
        super().__init__("firefox-esr", arguments, profile, environment)
        log = profile / "log"
        found = eventually(
            lambda: LISTENING.search(log.read_text()), "start of Firefox", log.read_text
        )
        self._socket = Socket(f"{found.group(1)}/session")
        self._socket.call("session.new", capabilities={})
        tree = self._socket.call("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        self._socket.call("script.addPreloadScript", functionDeclaration=f"() => {{{TAP}}}")
        self._socket.call("session.subscribe", events=["log.entryAdded"])

    def close(self) -> None:
        """Let go of the connection to it."""
        self._socket.close()

    def open(self, url: str) -> None:
        """Show a page."""
        self._call("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        """Show the page anew."""
        self._call("browsingContext.reload", wait="complete")

    def look_like(self, width: int, height: int) -> None:
        """Be as wide and high."""
        self._call("browsingContext.setViewport", viewport={"width": width, "height": height})

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        # As text: the protocol has a language of its own for values.
        answer = self._socket.call(
            "script.evaluate",
            expression=f"Promise.resolve({script}).then((v) => JSON.stringify(v) ?? 'null')",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def click(self, selector: str) -> None:
        """Click on an element, as a mouse does."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView(); const r = e.getBoundingClientRect();"
            "return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)]; })()"
        )
        actions = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "mouse", "actions": actions})

    def write(self, text: str) -> None:
        """Press the keys of a text, one after the other."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keyboard", "actions": actions})

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        path.write_bytes(base64.b64decode(self._call("browsingContext.captureScreenshot")["data"]))

    def problems(self) -> list[str]:
        """Return what scripts of the page failed with."""
        self.evaluate("0")
        entries = (e["params"] for e in self._socket.events if e.get("method") == "log.entryAdded")
        return [json.dumps(each) for each in entries if is_fault(each)]

    def _perform(self, actions: dict[str, Any]) -> None:
        self._call("input.performActions", actions=[actions])

    def _call(self, method: str, **params: Any) -> Any:
        return self._socket.call(method, context=self._context, **params)


def is_fault(entry: dict[str, Any]) -> bool:
    """Whether an entry of the log says that a script failed, or wrote an error itself."""
    ours = entry["type"] != "javascript" or not CUT.fullmatch(entry["text"] or "")
    return entry["level"] == "error" and ours
