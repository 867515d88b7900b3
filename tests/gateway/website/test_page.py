from __future__ import annotations

import re
import urllib.request

import pytest
from gateway_client import called, gateway_on_stage

from actors.gateway.website.page import FOLDER

LINK = re.compile(r"""(?:href|src|from|addModule\(new URL\()\s*=?\s*["']([^"']+)["']""")


def test_the_page_and_all_that_it_names_are_served_and_nothing_comes_from_elsewhere() -> None:
    with gateway_on_stage() as gateway:

        def get(path: str) -> tuple[str, str, str]:
            with urllib.request.urlopen(f"http://{gateway.url}{path}", timeout=20) as response:
                headers = response.headers
                policy = headers["Content-Security-Policy"]
                return headers["Content-Type"], policy, response.read().decode()

        kind, policy, page = gateway.meanwhile(lambda: get("/"))
        assert kind.startswith("text/html")
        assert "default-src 'self'" in policy
        links = LINK.findall(page)
        assert {"page/page.css", "page/page.js"} <= set(links)
        for link in links:
            if not link.startswith("data:"):
                assert gateway.meanwhile(lambda link=link: get(f"/{link}"))[2]
        for path in FOLDER.iterdir():
            kind, _, text = gateway.meanwhile(lambda path=path: get(f"/page/{path.name}"))
            assert text == path.read_text()
            assert not re.search(r"https?://(?!127\.0\.0\.1)", text), path.name
            if path.suffix == ".js":
                assert kind.startswith("text/javascript")


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2foptions.py", "%2e%2e/options.py", ""])
def test_other_files_are_not_served(name: str) -> None:
    with gateway_on_stage() as gateway:
        url = f"http://{gateway.url}/page/{name}"
        status, answer = gateway.meanwhile(lambda: called(url, "GET"))
        assert status == 404
        assert answer["error"]
