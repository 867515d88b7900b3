"""Which proxy leads where, by the variables."""

from __future__ import annotations

import pytest

from actors.lib.proxy import ProxyError, proxy_for
from pipeline.logs import redact

GEMINI = "https://generativelanguage.googleapis.com/"
URLS = [
    ({}, None),
    ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
    ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
    ({"https_proxy": "", "HTTPS_PROXY": "http://proxy:3128"}, None),
    ({"HTTPS_PROXY": "", "ALL_PROXY": "https://proxy"}, "https://proxy:443"),
    ({"HTTPS_PROXY": " http://proxy/ ", "ALL_PROXY": "socks5://127.0.0.1:9"}, "http://proxy:80"),
    ({"HTTP_PROXY": "http://proxy:3128"}, None),
    ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128"),
    ({"HTTPS_PROXY": "http://token@proxy:1"}, "http://token:@proxy:1"),
    ({"HTTPS_PROXY": "http://a%40b:p%2Fw@proxy:1"}, "http://a%40b:p%2Fw@proxy:1"),
]


@pytest.mark.parametrize(("environ", "url"), URLS)
def test_the_proxy_is_the_one_that_curl_takes(environ: dict[str, str], url: str | None) -> None:
    proxy = proxy_for(GEMINI, environ)
    assert (proxy.url if proxy else None) == url
    assert proxy_for(GEMINI.replace("https", "wss"), environ) == proxy


EXCEPTIONS = [
    ("*", True),
    ("googleapis.com", True),
    (".googleapis.com", True),
    ("*.googleapis.com", True),
    ("example.com, GENERATIVELANGUAGE.googleapis.com", True),
    ("generativelanguage.googleapis.com:443", True),
    ("generativelanguage.googleapis.com:8443", False),
    ("apis.com", False),
    ("", False),
]


@pytest.mark.parametrize(("names", "direct"), EXCEPTIONS)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_what_no_proxy_names_is_reached_directly(names: str, direct: bool, variable: str) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", variable: names}
    assert (proxy_for(GEMINI, environ) is None) == direct


@pytest.mark.parametrize(
    "server",
    [
        "https://localhost:1",
        "https://127.0.0.1",
        "https://[::1]:4",
        "http://a.localhost",
        "https://[",
    ],
)
def test_this_machine_is_reached_directly(server: str) -> None:
    assert proxy_for(server, {"ALL_PROXY": "socks5://127.0.0.1:9"}) is None


def test_networks_may_be_excepted() -> None:
    environ = {"HTTPS_PROXY": "proxy:1", "NO_PROXY": "10.0.0.0/8 fd00::/8,192.168.1.7"}
    servers = ["https://10.2.3.4", "https://[fd00::1]", "https://192.168.1.7:8"]
    assert [proxy_for(server, environ) for server in servers] == [None, None, None]
    assert proxy_for("https://192.168.1.8", environ) is not None


BAD = [
    (
        "socks5://127.0.0.1:9",
        "the proxy socks5://127.0.0.1:9 of ALL_PROXY cannot be used: socks5 is",
    ),
    ("ftp://u:secret-word@p", "the proxy ftp://p of ALL_PROXY cannot be used: ftp is"),
    ("http://", "the proxy of ALL_PROXY cannot be used: it is no"),
    ("http://u:secret-word@proxy:port", "the proxy of ALL_PROXY cannot be used: it is no"),
    ("http://[", "the proxy of ALL_PROXY cannot be used: it is no"),
]


@pytest.mark.parametrize(("value", "problem"), BAD)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    value: str, problem: str
) -> None:
    with pytest.raises(ProxyError) as refused:
        proxy_for(GEMINI, {"ALL_PROXY": value})
    assert str(refused.value).startswith(problem)
    assert "secret-word" not in str(refused.value)


def test_the_password_is_shown_nowhere() -> None:
    proxy = proxy_for(GEMINI, {"HTTPS_PROXY": "http://user:pass%2Dword-1@proxy:3128"})
    assert proxy is not None
    assert proxy.shown == "http://proxy:3128 of HTTPS_PROXY"
    assert "word-1" not in repr(proxy)
    assert "word-1" not in redact(f"{proxy.url} pass-word-1")
