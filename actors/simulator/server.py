"""The simulator: one TLS port that speaks the Gemini wire protocol."""

import asyncio
import logging
import random
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl

from websockets.http11 import Request as Handshake

from actors.backends.gemini.wire.http_error import HttpError
from actors.backends.gemini.wire.schema import VERSIONS
from actors.simulator import actions
from actors.simulator.acceptor import Acceptor
from actors.simulator.admission import CONSTRAINED, AccessControl
from actors.simulator.api import Api
from actors.simulator.capabilities import capabilities
from actors.simulator.certificates import Certificates, make_certificates
from actors.simulator.conversation import Handles
from actors.simulator.effects import GARBAGE_BYTES
from actors.simulator.errors import http_preset
from actors.simulator.files import FileStore
from actors.simulator.journal import Journal, SessionRecord
from actors.simulator.listening import ListeningSocket
from actors.simulator.options import SimulatorOptions
from actors.simulator.pacing import Pacing
from actors.simulator.rule_matcher import RuleMatcher
from actors.simulator.scenario import load_scenario
from actors.simulator.services import Services
from actors.simulator.session import LiveSession
from actors.simulator.stt import make_stt
from actors.simulator.tasks import Tasks
from actors.simulator.tts import make_tts
from actors.simulator.websocket import WebSocket

_logger = logging.getLogger(__name__)

# The JavaScript SDK puts two slashes before `ws`, and the service does not mind.
LIVE_PATH = re.compile(
    rf"/+ws/google\.ai\.generativelanguage\.({'|'.join(VERSIONS)})\.GenerativeService"
    rf"\.(BidiGenerateContent|{CONSTRAINED})"
)


class SimulatorServer:
    """`start()` makes it ready, `stop()` leaves nothing behind. Both belong to one event loop."""

    def __init__(
        self, options: SimulatorOptions | None = None, *, client_files: Path | None = None
    ) -> None:
        """Makes a server.

        Args:
            options: Its settings.
            client_files: Folder for the files of certificates if the options name none; without
                one a temporary folder.

        Raises:
            ConfigError: the scenario or a model's family is not there.
        """
        self.options = options or SimulatorOptions()
        self._client_files = client_files
        self.journal = Journal()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._certificates: Certificates | None = None
        self._listening = ListeningSocket(self.options.host, self.options.port)
        self._services = Services(
            options=self.options,
            models=capabilities().with_models(self.options.models),
            admission=AccessControl(self.options.keys, self.options.live_sessions),
            stt=make_stt(self.options.stt, self.options.hears),
            tts=make_tts(self.options.tts, self.options.seed, self.options.language),
            rules=RuleMatcher(load_scenario(self.options.scenario), self.options.seed),
            journal=self.journal,
            handles=Handles(),
            files=FileStore(),
            listening=self._listening,
            random=random.Random(self.options.seed),
            pacing=Pacing(*self.options.answer_speed),
            tasks=Tasks(self._note_fault),
        )
        self._api = Api(self._services)
        self._acceptor = Acceptor(
            self._listening,
            self._services.tasks,
            self._api.answer,
            self._handshake,
            self._note_connection,
        )
        self._live_connections = 0

    @property
    def base_url(self) -> str:
        """For `GOOGLE_GEMINI_BASE_URL`."""
        return f"https://{self.options.host}:{self._listening.port}"

    @property
    def ca_file(self) -> Path:
        """For `SSL_CERT_FILE` and `NODE_EXTRA_CA_CERTS`."""
        assert self._certificates is not None, "the server has not been started"
        return self._certificates.bundle

    @property
    def authority_file(self) -> Path:
        """For clients that connect to nobody else."""
        assert self._certificates is not None, "the server has not been started"
        return self._certificates.authority

    async def start(self) -> None:
        """Loads models, makes certificates and listens."""
        kept = self.options.certificates
        folder = kept or self._client_files
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="simulator-")
            folder = Path(self._temporary.name)
        self._certificates = await asyncio.to_thread(
            make_certificates,
            folder,
            names=self.options.certificate_names,
            keep=kept is not None,
        )
        await asyncio.gather(self._services.stt.start(), self._services.tts.start())
        self._acceptor.open(self._certificates)

    async def stop(self) -> None:
        """Closes every connection and ends every task."""
        await self._acceptor.close()
        await asyncio.gather(self._services.stt.stop(), self._services.tts.stop())
        if self._temporary is not None:
            self._temporary.cleanup()

    async def __aenter__(self) -> "SimulatorServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _note_fault(self, error: BaseException) -> None:
        self.journal.faults.append(repr(error))
        _logger.error("a task of the simulator failed", exc_info=error)

    def _note_connection(self) -> None:
        self.journal.connections += 1

    def _handshake(self, websocket: WebSocket, handshake: Handshake) -> None:
        path, _, query = handshake.path.partition("?")
        found = LIVE_PATH.fullmatch(path)
        if found is None:
            self._refuse(websocket, 0, http_preset("not_found"))
            return
        self._live_connections += 1
        number = self._live_connections
        if not self._perform_at_connect(websocket, number):
            return
        headers = {name.lower(): value for name, value in handshake.headers.raw_items()}
        try:
            asked = dict(parse_qsl(query))
            admit = self._services.admission.to_session(found[2], headers, asked, number)
        except HttpError as error:
            self._refuse(websocket, number, error)
            return
        record = SessionRecord(number=number, version=found[1], opened_s=self.journal.now_s())
        self.journal.sessions.append(record)
        websocket.handler = LiveSession(websocket, self._services, record, admit)
        websocket.accept(handshake)

    def _perform_at_connect(self, websocket: WebSocket, number: int) -> bool:
        """Whether the handshake goes on."""
        goes_on = True
        for action in self._services.rules.fire("connect", number):
            goes_on = False
            match action:
                case actions.Refuse():
                    self._refuse(websocket, number, action.error())
                    continue
                case actions.RefuseTcp():
                    self._listening.refuse_tcp(action.for_s)
                    websocket.reset()
                case actions.WrongCertificate():
                    self._listening.wrong_certificate(action.for_s)
                    websocket.reset()
                case actions.Cut():
                    websocket.reset()
                case actions.Vanish():
                    websocket.vanish()
                case actions.Garbage():
                    websocket.break_handshake(GARBAGE_BYTES)
            self._note_refused(number, action.kind)
        return goes_on

    def _refuse(self, websocket: WebSocket, number: int, error: HttpError) -> None:
        self._note_refused(number, f"refuse {error.code}")
        websocket.refuse(error)

    def _note_refused(self, number: int, how: str) -> None:
        entry = {"number": number, "how": how, "at_s": self.journal.now_s()}
        self.journal.refused_handshakes.append(entry)
