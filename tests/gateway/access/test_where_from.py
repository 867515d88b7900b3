"""Addresses, hosts, origins: what a request says of where it comes from, and where it goes."""

from __future__ import annotations

import pytest

from actors.gateway.access.addresses import client_address, is_loopback, limited_as, parsed_networks
from actors.gateway.access.hosts import is_served
from actors.gateway.origins import is_allowed

PROXIES = parsed_networks(["127.0.0.1", "10.0.0.0/24", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),  # Not a proxy of ours: it may say anything.
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.1", "203.0.113.1"),  # The first was made up.
        ("127.0.0.1", "203.0.113.1, 10.0.0.7", "203.0.113.1"),
        ("127.0.0.1", "127.0.0.1, 203.0.113.1", "203.0.113.1"),
        ("::ffff:127.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("::1", "[2001:db8::1]:443", "2001:db8::1"),
        ("::1", "203.0.113.1:5000", "203.0.113.1"),
        ("127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ("127.0.0.1", " , ,", "127.0.0.1"),
        ("127.0.0.1", "unknown", "unknown"),
        ("", "203.0.113.1", ""),
    ],
)
def test_who_calls_is_believed_of_named_proxies_only(
    peer: str, forwarded: str, address: str
) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


@pytest.mark.parametrize("name", ["", "example.org", "10.0.0.0/33", "10.0.0.1/24"])
def test_what_is_no_network_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="no address and no network"):
        parsed_networks([name])


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_this_machine_is_known(address: str, local: bool) -> None:
    assert is_loopback(address) is local
    assert not (local and limited_as(address)), "this machine is not limited by address"


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("localhost", True),
        ("LOCALHOST:3000", True),
        ("app.localhost:3000", True),
        ("127.0.0.1:3000", True),
        ("[::1]:3000", True),
        ("::1", True),
        ("192.168.1.7", True),
        ("example.org", True),
        ("Example.org.:443", True),
        ("", True),
        ("evil.example", False),
        ("evil.example:3000", False),
        ("example.org.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.nip.io", False),
        ("notlocalhost", False),
        ("a:b:c", False),
        ("[evil]", False),
        ("example.org, evil.example", False),
    ],
)
def test_a_name_that_was_made_to_point_here_is_not_ours(host: str, served: bool) -> None:
    assert is_served(host, {"example.org"}) is served


@pytest.mark.parametrize(
    ("origin", "scheme", "allowed"),
    [
        (None, "ws", True),
        ("http://localhost:3000", "ws", True),
        ("http://LOCALHOST:3000", "http", True),
        ("https://localhost:3000", "ws", True),  # A proxy in front has the certificate.
        ("https://localhost:3000", "wss", True),
        ("http://localhost:3000", "wss", False),
        ("http://localhost:3001", "ws", False),
        ("http://localhost", "ws", False),
        ("https://site.example", "ws", True),
        ("http://site.example", "ws", False),
        ("https://site.example:8443", "ws", False),
        ("https://sub.site.example", "ws", False),
        ("https://site.example.evil", "ws", False),
        ("https://site.example/", "ws", False),
        ("null", "ws", False),
        ("", "ws", False),
        ("file://", "ws", False),
        ("ftp://localhost:3000", "ws", False),
        ("http://localhost:3000@evil.example", "ws", False),
        ("http://evil@localhost:3000", "ws", False),
        ("http://localhost:3000/path", "ws", False),
        ("http://[", "ws", False),
    ],
)
def test_origins_are_allowed_exactly(origin: str | None, scheme: str, allowed: bool) -> None:
    assert is_allowed(origin, "localhost:3000", scheme, ["https://site.example"]) is allowed


def test_a_page_without_a_host_is_not_ours() -> None:
    assert not is_allowed("http://", "", "http", [])
