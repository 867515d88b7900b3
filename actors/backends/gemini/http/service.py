"""Asks Gemini, key by key, and again where that can help."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.close_reason import ConnectionOverError
from actors.backends.gemini.faults import classify, info_on
from actors.backends.gemini.http.health import of_own_model
from actors.backends.gemini.http.one_try import TryFailedError, judged
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.http.retry import Attempts
from actors.backends.gemini.keys import KeyPool, ServerKey
from actors.backends.gemini.models import ListedModel, list_models
from actors.backends.gemini.server import find_servers, make_client
from actors.backends.gemini.shared_quota import QuotaNews, open_shared_quota
from pipeline.errors import GreenroomError
from pipeline.frames import FaultClass
from pipeline.logs import Logger
from pipeline.surroundings import Surroundings

if TYPE_CHECKING:
    from google.genai import Client, types

KEEPALIVE_S = 120.0
"""People pause between two turns for longer than httpx keeps a connection by itself (5 s); a new
one costs a TCP and a TLS handshake."""


class ServiceFailedError(GreenroomError):
    """The service did not give what was asked for.

    Args:
        info: On the fault.
        model: That was asked; "": it came to none.
    """

    def __init__(self, info: FaultInfo, model: str = "") -> None:
        super().__init__(str(info))
        self.info = info
        self.model = model


class HttpService:
    """The servers with their keys; a client for each key, made when it is first needed."""

    def __init__(
        self,
        options: HttpOptions,
        surroundings: Surroundings,
        log: Logger,
        counters: Counter[str],
    ) -> None:
        self._options = options
        self._surroundings = surroundings
        self._log = log
        self._counters = counters
        self._opening = asyncio.Lock()
        self._is_open = False
        self._pool = KeyPool(())
        self._shared = open_shared_quota(
            options.database,
            surroundings,
            on_news=self._on_news,
            held=dict,
            counters=counters,
            log=log,
        )
        self._sharing: asyncio.Task[None] | None = None
        self._clients: dict[ServerKey, asyncio.Task[Client]] = {}

    def begin(self) -> None:
        """Learn what rests by the word of other pipelines."""
        if self._shared is not None:
            self._sharing = asyncio.create_task(self._shared.run())

    async def stream(
        self, model: str, contents: Any, config: types.GenerateContentConfig
    ) -> AsyncGenerator[types.GenerateContentResponse, None]:
        """Give the pieces of a response as they come.

        A request is made again only as long as nothing has come.

        Raises:
            ServiceFailedError: it could not be had, or not to its end.
        """
        attempts = Attempts(self._options.attempts)
        usual = (self._options.model, self._options.tts_model)
        while True:
            which = await self._key(model)
            begun = False
            try:
                client, via = await self._client(which), which.server.via
                async with aclosing(self._once(client, via, model, contents, config)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except TryFailedError as failed:
                info = failed.info if model in usual else of_own_model(failed.info)
            wait_s = self._failed(which, model, info, attempts)
            if wait_s is None or begun:
                raise ServiceFailedError(info, model)
            await asyncio.sleep(wait_s)

    async def models(self) -> list[ListedModel]:
        """Return the models there are; shows at no cost that the server and a key work.

        Raises:
            ServiceFailedError: they do not.
        """
        attempts = Attempts(self._options.attempts)
        while True:
            which = await self._key(self._options.model)
            client = await self._client(which)
            try:
                async with judged(
                    self._options.first_event_timeout_s, "the list of models", which.server.via
                ):
                    return await list_models(client)
            except TryFailedError as failed:
                info = failed.info
            wait_s = self._failed(which, self._options.model, info, attempts)
            if wait_s is None:
                raise ServiceFailedError(info)
            await asyncio.sleep(wait_s)

    def wait_s(self, models: Collection[str]) -> float | None:
        """Time until there is a key for all these models, 0 if there is; None: never."""
        now_s = time.monotonic()
        waits = [self._pool.wait_s(name, now_s) for name in models]
        left = [wait for wait in waits if wait is not None]
        return max(left) if len(left) == len(waits) else None

    async def close(self) -> None:
        """Close all connections."""
        if self._sharing is not None and self._shared is not None:
            await self._shared.stop(self._sharing)
        making, self._clients = list(self._clients.values()), {}
        for made in await asyncio.gather(*making, return_exceptions=True):
            # One that could not be made was said where it was wanted.
            if not isinstance(made, BaseException):
                await made.aio.aclose()
                made.close()

    async def _once(
        self,
        client: Client,
        via: str,
        model: str,
        contents: Any,
        config: types.GenerateContentConfig,
    ) -> AsyncGenerator[types.GenerateContentResponse, None]:
        self._counters["requests"] += 1
        timeout_s = self._options.first_event_timeout_s
        async with judged(timeout_s, f"{timeout_s:g} s after the request", via):
            stream = await client.aio.models.generate_content_stream(
                model=model, contents=contents, config=config
            )
            piece = await anext(stream, None)
        timeout_s = self._options.stall_timeout_s
        while piece is not None:
            yield piece
            async with judged(timeout_s, f"{timeout_s:g} s in the middle", via):
                piece = await anext(stream, None)

    def _failed(
        self, which: ServerKey, model: str, info: FaultInfo, attempts: Attempts
    ) -> float | None:
        now_s = time.monotonic()
        self._counters[f"failures_{info.fault}"] += 1
        begun = self._pool.failed(which, model, info, now_s)
        if begun is not None and self._shared is not None:
            self._shared.rest(begun)
        if info.fault is FaultClass.NETWORK and self._options.server_file:
            # A server that was started anew has written a new file.
            self._is_open = False
        other = self._pool.usable(model, now_s) is not None
        wait_s = attempts.wait_s(info, other_key=other)
        keys = self._pool.keys
        number = keys.index(which) + 1 if which in keys else 0
        self._log.warning(
            "a request failed",
            model=model,
            project=which.server.project,
            key=number,
            problem=str(info),
            again_in_s=wait_s,
        )
        return wait_s

    def _on_news(self, news: QuotaNews) -> None:
        if news.resting is not None:
            self._pool.cool_downs.learn(news.resting)

    async def _key(self, model: str) -> ServerKey:
        await self._open()
        which = self._pool.usable(model, time.monotonic())
        if which is not None:
            return which
        raise ServiceFailedError(self._pool.exhausted(model, time.monotonic()), model)

    async def _open(self) -> None:
        async with self._opening:
            if not self._is_open:
                try:
                    servers = await find_servers(self._options, self._surroundings)
                except ConnectionOverError as error:
                    raise ServiceFailedError(classify(error.close_reason)) from error
                except GreenroomError as error:
                    raise ServiceFailedError(info_on(error)) from error
                self._pool, self._is_open = KeyPool(servers, self._pool), True

    async def _client(self, which: ServerKey) -> Client:
        making = self._clients.get(which)
        if making is None:
            import httpx2

            args = {"limits": httpx2.Limits(keepalive_expiry=KEEPALIVE_S)}
            making = asyncio.create_task(
                asyncio.to_thread(make_client, which.server, which.key, args)
            )
            self._clients[which] = making
        try:
            # If who waits is cancelled, `close` still finds the client.
            return await asyncio.shield(making)
        except GreenroomError as error:
            if self._clients.get(which) is making:
                del self._clients[which]
            raise ServiceFailedError(info_on(error)) from error
