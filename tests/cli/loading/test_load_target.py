"""Where a crowd goes, and where it does not."""

from __future__ import annotations

import socket

import pytest

from actors.cli.calling.providers import gateway_path
from actors.cli.load.load_target import load_target, require_listener
from pipeline.errors import ConfigError, GreenroomError


@pytest.mark.parametrize(
    ("url", "protocols", "urls"),
    [
        ("http://127.0.0.1:3000", [], {"website": "ws://127.0.0.1:3000/ws/live-audio"}),
        ("https://127.0.0.1/", ["twilio"], {"twilio": "wss://127.0.0.1/phone/twilio"}),
        (
            "ws://127.0.0.1:3000",
            ["gemini", "jambonz-clips", "asterisk"],
            {
                "gemini": f"ws://127.0.0.1:3000{gateway_path('gemini')}",
                "jambonz_clips": "ws://127.0.0.1:3000/phone/jambonz-clips",
                "chan_websocket": "ws://127.0.0.1:3000/phone/asterisk",
            },
        ),
        (
            "ws://127.0.0.1:3000/phone/telnyx",
            [],
            {"telnyx": "ws://127.0.0.1:3000/phone/telnyx"},
        ),
        ("tcp://127.0.0.1:9092", [], {"audiosocket": "tcp://127.0.0.1:9092"}),
    ],
)
def test_an_address_is_completed(url: str, protocols: list[str], urls: dict[str, str]) -> None:
    target = load_target(url, protocols)
    assert target.urls == urls
    assert target.is_here


@pytest.mark.parametrize(
    ("url", "protocols", "says"),
    [
        ("127.0.0.1:3000", [], "no URL of a gateway"),
        ("ftp://127.0.0.1", [], "no URL of a gateway"),
        ("http://127.0.0.1:99999", [], "no URL"),
        ("http://127.0.0.1:3000/phone/twillio", [], "no address of a gateway"),
        ("http://127.0.0.1:3000", ["twillio"], "did you mean 'twilio'"),
        ("ws://127.0.0.1:3000/phone/telnyx", ["twilio"], "is for telnyx"),
        ("ws://127.0.0.1:3000", ["audiosocket"], "tcp://HOST:PORT"),
        ("tcp://127.0.0.1", [], "no port"),
    ],
)
def test_what_is_none_is_told_with_what_to_write(url: str, protocols: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_target(url, protocols)


def test_another_machine_is_known_for_one() -> None:
    assert not load_target("http://192.0.2.1:3000", []).is_here
    assert load_target("http://[::1]:3000", []).is_here


def test_where_nobody_listens_nobody_calls() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(GreenroomError, match="nothing listens at"):
            require_listener(load_target(f"http://127.0.0.1:{port}", []))
