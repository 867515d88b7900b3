"""Asks providers for things by HTTP, again if need be, and says in words what they answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.trust import trust
from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.call_program import RestRequest
from actors.lib.proxy import proxy_for
from pipeline.errors import GreenroomError
from pipeline.logs import redact

if TYPE_CHECKING:
    import httpx2

CONNECT_S, READ_S = 3.0, 8.0
"""A caller waits meanwhile; providers answer within a second."""
WAITS_S = (0.3, 1.0)
"""Before each further try: with the tries themselves less than Twilio waits for a webhook, 15 s."""
MOST_WAIT_S = 3.0
"""If the provider says when to ask again, no longer than this."""
OK = 200
BUSY = (429, 503)
GONE = (404, 410, 422)
"""A call that is over already: Telnyx says 422 (90018), others 404."""
GONE_CODES = {"21220", "90018", "20404"}
"""Twilio's and Telnyx' own codes for it, with whatever status."""
NOT_OK = ("-ERR", "-USAGE:")
NO_CHANNEL = "No such channel"
"""FreeSWITCH's words for a call that is gone."""
MOST_TOLD_CHARACTERS = 300


class ProviderRefusedError(CallerError):
    """A provider does not do what it is asked for; the text says why, and what can be done."""


class ProviderClient:
    """Asks providers.

    Args:
        make_client: Makes the HTTP client, once somebody asks.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        make_client: Callable[[str], httpx2.AsyncClient] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._make_client = make_client or _client
        self._sleep = sleep
        self._clients: dict[str, httpx2.AsyncClient] = {}

    async def ask(
        self, provider: str, request: RestRequest, *, again: bool, gone: Collection[int] = ()
    ) -> Mapping[str, Any]:
        """Ask a provider, and return its answer.

        Args:
            provider: Its name, for errors.
            request: What it is asked.
            again: It may be asked twice for the same, if the first answer does not come.
            gone: With which status it says that there is nothing to be done any more.

        Raises:
            ProviderRefusedError: it does not do it, or is not reached.
        """
        import httpx2

        waits_s = [*WAITS_S, None]
        for usual_s in waits_s:
            wait_s = usual_s
            try:
                response = await self._send(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = ProviderRefusedError(f"{provider} is not reached: {_told(error)}")
            except httpx2.HTTPError as error:
                problem = ProviderRefusedError(
                    f"{provider} does not answer, and may have done it: {_told(error)}"
                )
                if not again:
                    raise problem from error
            except GreenroomError as error:
                raise ProviderRefusedError(f"{provider} is not reached: {error}") from error
            else:
                answer = _answer(request, response.content)
                refused = request.answers_in_text and "error" in answer
                if (response.is_success and not refused) or response.status_code in gone:
                    return answer
                if gone and refused and str(answer["error"]).startswith(NO_CHANNEL):
                    return answer
                if gone and _code(answer) in GONE_CODES:
                    return answer
                problem = _refused(provider, response.status_code, answer)
                fails_in_time = response.status_code >= 500 and again
                if response.status_code not in BUSY and not fails_in_time:
                    raise problem
                wait_s = _wait_s(response.headers.get("retry-after", ""), usual_s)
            if wait_s is None:
                raise problem
            await self._sleep(wait_s)
        raise AssertionError("the last try raises")

    async def close(self) -> None:
        """Let go of all connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def _send(self, request: RestRequest) -> httpx2.Response:
        host = request.url.partition("://")[2].partition("/")[0]
        client = self._clients.get(host)
        if client is None:
            client = self._clients[host] = self._make_client(request.url)
        return await client.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=None if request.form is None else dict(request.form),
            json=request.json_body,
        )


def _client(url: str) -> httpx2.AsyncClient:
    import httpx2

    proxy = proxy_for(url)
    return httpx2.AsyncClient(
        trust_env=False,
        proxy=proxy.url if proxy else None,
        verify=trust(None),
        timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
    )


def _wait_s(retry_after: str, usual_s: float | None) -> float | None:
    if usual_s is None or not retry_after.isdecimal():
        return usual_s
    return min(float(retry_after), MOST_WAIT_S)


def _answer(request: RestRequest, content: bytes) -> Mapping[str, Any]:
    if not request.answers_in_text:
        return _parsed(content)
    text = content.decode(errors="replace").strip()
    refused = next((text.removeprefix(sign) for sign in NOT_OK if text.startswith(sign)), None)
    return {} if refused is None else {"error": refused.strip()}


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(answer: Mapping[str, Any]) -> str:
    return str(_error(answer).get("code", ""))


def _error(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of several errors, or the only one."""
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else answer
    return first if isinstance(first, dict) else {}


def _refused(provider: str, status: int, answer: Mapping[str, Any]) -> ProviderRefusedError:
    first, code = _error(answer), _code(answer)
    names = ("message", "detail", "error", "title", "error_title", "msg", "RestException")
    said = next((str(first[name]) for name in names if first.get(name)), "")
    said = f"{said} ({code})" if code and said else said
    said = redact(said)[:MOST_TOLD_CHARACTERS] or "it does not say why"
    advice = {
        401: f": look at the secrets of phone.accounts.{provider}",
        403: f": look at what this account of {provider} may do",
        404: f": look at the ids in phone.accounts.{provider}",
        429: ": it is asked too often",
    }.get(status, "")
    shown = f" ({status})" if status != OK else ""
    return ProviderRefusedError(f"{provider} refuses{shown}: {said}{advice}")


def _told(error: Exception) -> str:
    return redact(str(error)) or type(error).__name__
