"""The actor `gateway`: callers from websites connect to it, each a session of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from actors.gateway.access.addresses import parsed_networks
from actors.gateway.access.load import Load
from actors.gateway.access.token_secret import token_secret
from actors.gateway.caller_player import CallerPlayer
from actors.gateway.certificate import CertificateWatch, certificate_files
from actors.gateway.options import GatewayOptions
from actors.gateway.quick_switches import quick_switches
from actors.gateway.readiness import Readiness
from actors.services.budget.prices import load_prices
from pipeline.frames import (
    ActorState,
    Audio,
    Fault,
    Image,
    Status,
    ToolCall,
    ToolCancel,
    ToolResult,
    Transcript,
    TurnClosed,
    Usage,
    UserText,
)
from pipeline.ports import In, Out

if TYPE_CHECKING:
    from actors.gateway.access.access import Access
    from actors.gateway.phone.audiosocket_server import AudioSocketServer
    from actors.gateway.phone.doors.phone_doors import PhoneDoors
    from actors.gateway.phone.switchboard import Switchboard
    from actors.gateway.server import WebServer
    from actors.gateway.shared_state import SharedState
    from actors.gateway.store.caller_store import CallerStore
    from pipeline.surroundings import Surroundings


class Gateway(CallerPlayer):
    """Serves callers on one port: what they say goes into the pipeline, its answers to them.

    `audio`, `video` and `text` are what callers say, show and type, in the place of a microphone,
    a camera and a console; `results` is what their clients answer when the model asks for a
    function of theirs. Answers are sent a little before their time, and `playback` tells what was
    heard of them.
    """

    options_type = GatewayOptions
    inputs: ClassVar = {
        **CallerPlayer.inputs,
        # Each turn is kept, also one that was closed while no gateway was there.
        "turns": In((TurnClosed,), replay=True, required=False),
        "transcript": In((Transcript,), required=False),
        "calls": In((ToolCall, ToolCancel), required=False),
        "status": In((Status,), replay=True, required=False),
        "faults": In((Fault,), required=False),
        "usage": In((Usage,), required=False),
        "tool_results": In((ToolResult,), required=False),
    }
    outputs: ClassVar = {
        **CallerPlayer.outputs,
        "audio": Out((Audio,), retain_s=15),
        "video": Out((Image,), retain_s=1),
        "text": Out((UserText,), retain_s=30),
        "results": Out((ToolResult,), retain_s=30),
    }
    preload = (
        "fastapi",
        "uvicorn",
        "websockets.server",
        "actors.gateway.app",
        "actors.gateway.shared_state",
        "aiosqlite",
        "sqlalchemy.dialects.sqlite.aiosqlite",
    )
    # It never ends by itself.
    is_source = True

    def __init__(self, options: GatewayOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._load = Load()
        self.readiness = Readiness(
            self._load, self.room, follows="status" in surroundings.connected
        )
        self._socket: socket.socket | None = None
        self.server: WebServer | None = None
        self.shared: SharedState | None = None
        self.access: Access | None = None
        self.phones: Switchboard | None = None
        self.doors: PhoneDoors | None = None
        self._audiosocket: AudioSocketServer | None = None

    @classmethod
    def check(cls, options: GatewayOptions, config_dir: Path) -> None:
        """Look whether the certificate can be read, and which database and secrets there are.

        Raises:
            ConfigError: it cannot, there are none such, or the failure prompt cannot be played.
        """
        from actors.gateway.phone.doors.provider_table import provider_table
        from actors.gateway.store.url import database_url

        super().check(options, config_dir)
        certificate_files(options)
        provider_table(options.phone.accounts)
        database_url(options.database, config_dir)
        load_prices(options.prices, config_dir)

    @classmethod
    def reports_callers(cls, options: GatewayOptions) -> bool:
        """It plays its callers."""
        return True

    @classmethod
    def listens_on(cls, options: GatewayOptions) -> Sequence[tuple[str, int]]:
        """Callers connect to one port, Asterisk's AudioSocket to another."""
        port = options.phone.audiosocket_port
        audiosocket = [] if port is None else [(options.phone.audiosocket_host, port)]
        return [(options.host, options.port), *audiosocket]

    async def start(self) -> None:
        """Make ready to serve those who call on the socket of the supervisor."""
        from actors.gateway.access.access import Access
        from actors.gateway.app import make_app
        from actors.gateway.operating.erasure import Erasure
        from actors.gateway.request_protocol import request_protocol
        from actors.gateway.server import address_of, make_server
        from actors.gateway.shared_state import SharedState

        await super().start()
        options, around = self.options, self.surroundings
        self._socket = socket.socket(fileno=os.dup(around.listening[0]))
        certificate = certificate_files(options)
        url = address_of(self._socket, tls=certificate is not None)
        self.shared = SharedState.open(
            options, around, self.room, self._callers, url, self.counters, self.log
        )
        database = self.shared.database
        secret = token_secret(around.state_dir)
        self.access = Access(
            self._callers,
            options,
            database,
            secret,
            self.checkpoint,
            self._load,
            self.room,
            self.counters,
            self.log,
        )
        runtime_dir = around.runtime_dir
        (runtime_dir / f"{self.name}.json").write_text(json.dumps({"url": url}))
        erasure = Erasure(database, self._callers, self._board, runtime_dir, self.log)
        self.doors = self._make_doors(self.access, secret)
        self.phones = self._make_switchboard(self.doors)
        app = make_app(
            self.access,
            self.readiness,
            self.work_of,
            self._board,
            erasure,
            self.shared,
            self.phones,
            self.doors,
            self.log,
        )
        trusted = parsed_networks(options.trusted_proxies)
        requests = request_protocol(options.limits, trusted, self.access.count)
        self.server = make_server(app, requests, certificate)
        await self._serve_audiosocket(self.phones)
        self.log.info("callers are served here", url=url)

    async def run(self) -> None:
        """Serve, play, and keep what happens."""
        assert self.shared is not None
        assert self.server is not None
        assert self._socket is not None
        assert self.access is not None
        assert self.doors is not None
        with quick_switches():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._metronome.run())
                tasks.create_task(self._load.run())
                tasks.create_task(self.shared.run())
                tasks.create_task(self.access.run())
                tasks.create_task(self.doors.call_backs.run())
                tasks.create_task(self.server.serve(sockets=[self._socket]))
                context, certificate = self.server.config.ssl, certificate_files(self.options)
                if context is not None and certificate is not None:
                    tasks.create_task(CertificateWatch(certificate, context, self.log).run())

    async def drain(self) -> None:
        """Let the turns under way be finished; nobody new is served."""
        self.readiness.leaving = "the gateway is going down"
        self._callers.departures.stop()
        while any(caller.is_busy and caller.is_there for caller in self._callers):
            self._turn_closed.clear()
            await self._turn_closed.wait()

    async def stop(self) -> None:
        """Let go of all callers."""
        self._callers.close()
        if self.server is not None and self.server.started:
            await self.server.shutdown()
        if self._audiosocket is not None:
            await self._audiosocket.stop()
        if self.doors is not None:
            await self.doors.control.close()
        if self._socket is not None:
            self._socket.close()
        if self.shared is not None:
            await self.shared.close()
        await super().stop()

    def measure(self) -> None:
        """Count the callers, and say how the database is."""
        if self.shared is not None:
            self._tell_database(self.shared.store)
        self.gauges["late_ms"] = round(self._load.late_s * 1000, 1)
        for state, count in self._callers.status().items():
            self.gauges[f"callers_{state}"] = count

    def on_status(self, frame: Status) -> None:
        """Note whether anybody can answer."""
        self.readiness.on_status(frame)

    async def _serve_audiosocket(self, phones: Switchboard) -> None:
        from actors.gateway.phone.audiosocket_server import AudioSocketServer

        if self.options.phone.audiosocket_port is not None:
            listening = socket.socket(fileno=os.dup(self.surroundings.listening[1]))
            listening.setblocking(False)
            self._audiosocket = AudioSocketServer(phones, listening)
            await self._audiosocket.start()

    def _make_doors(self, access: Access, secret: bytes) -> PhoneDoors:
        from actors.gateway.phone.doors.phone_doors import make_doors

        return make_doors(
            self.options.phone,
            access.authenticator,
            secret,
            self.checkpoint.setdefault("call_tokens", {}),
            self.checkpoint.setdefault("call_backs", []),
            self._phones.ended,
            self.readiness,
            self.log,
        )

    def _make_switchboard(self, doors: PhoneDoors) -> Switchboard:
        from actors.gateway.phone.switchboard import Switchboard

        return Switchboard(
            self._callers,
            self._phones,
            doors.door,
            doors.control,
            self.readiness.problem,
            self.options,
            self.work_of,
            self.counters,
            self.log,
        )

    def _tell_database(self, store: CallerStore) -> None:
        self.gauges["rows_waiting"] = store.waiting
        self.readiness.database_away = bool(store.problem)
        if store.problem:
            self.set_state(ActorState.DEGRADED, f"{store.problem}; conversations go on")
        elif self.state is ActorState.DEGRADED:
            self.set_state(ActorState.READY)
