"""Callers who come and go: they ask a little, interrupt, press keys, or hang up in mid-word."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.cli.calling.bad_network import Weather
from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.line_form import LineForm
from actors.cli.calling.providers import PROVIDERS, gateway_path
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.cli.calling.transports import CallRefusedError
from actors.cli.calling.wanted_call import WantedCall
from benchmarks.phone_callers.phrases import phrases_at

QUESTIONS = 3
"""At most, of one call: some half a minute."""
LONGEST_MID_S = 8.0
"""By then who leaves has hung up: in a question, in its answer, or before either."""
PATIENCE_S = 10.0
"""For an answer that never comes, which is counted."""
BETWEEN_S = 1.0
"""From one call of a line to its next."""
WEATHER = Weather(jitter_ms=60, loss=0.01)
"""Of every fourth line, as mobile networks are."""
BY_WEBHOOK = ("twilio", "plivo")
"""Providers whose calls begin with their webhook; signed, as the test telephone can."""


class Manner(Enum):
    """What somebody does on the telephone."""

    ASKS = auto()
    INTERRUPTS = auto()
    PRESSES = auto()
    LEAVES = auto()


@dataclass(frozen=True)
class Switchboards:
    """Where calls go.

    Attributes:
        host: Host and port of the gateway.
        audiosocket: Host and port of its AudioSocket.
        public_url: What the providers know of it.
        secret: With which Twilio and Plivo sign.
        key: That the sockets of all others give.
    """

    host: str
    audiosocket: str
    public_url: str
    secret: str
    key: str

    def wanted(self, protocol: str, weather: Weather, longest_s: float | None) -> WantedCall:
        """Return a call of a provider."""
        if protocol == "audiosocket":
            return WantedCall(
                f"tcp://{self.audiosocket}", protocol, weather=weather, longest_s=longest_s
            )
        path = gateway_path(protocol)
        if protocol in BY_WEBHOOK:
            return WantedCall(
                f"http://{self.host}{path}/answer",
                protocol,
                auth_token=self.secret,
                public_url=f"{self.public_url}{path}/answer",
                weather=weather,
                longest_s=longest_s,
            )
        return WantedCall(
            f"ws://{self.host}{path}",
            protocol,
            headers=[f"Authorization: Bearer {self.key}"],
            weather=weather,
            longest_s=longest_s,
        )


@dataclass
class PassingTally:
    """What became of calls.

    Attributes:
        calls: By manner.
        latencies_ms: From a caller's last word to the first sound of an answer.
        cuts_ms: From a word into an answer to its last sound.
        gaps: Times in which a line ran dry in an answer that nobody interrupted, over a good
            network: provider and ms.
        unanswered: Questions of those who stayed.
        wrong: What a provider would not have taken, refused calls, and calls that we dropped.
    """

    calls: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    cuts_ms: list[float] = field(default_factory=list)
    gaps: list[tuple[str, float]] = field(default_factory=list)
    unanswered: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(
        self, protocol: str, manner: Manner, call: CallTally, *, asked: int, undisturbed: bool
    ) -> None:
        """Count a call that is over."""
        self.calls[manner.name.lower()] += 1
        self.latencies_ms += call.latencies_ms
        self.cuts_ms += call.cuts_ms
        if undisturbed and manner is Manner.ASKS:
            self.gaps += [(protocol, gap_ms) for gap_ms in call.gaps_ms]
        if manner is Manner.ASKS:
            self.unanswered += max(0, asked - len(call.latencies_ms))
        for text in call.faults:
            self.wrong[f"{protocol}: {text}"] += 1
        if call.hung_up_by == "server":
            self.wrong[f"{protocol}: hung up by the server: {call.why}"] += 1


class PassingCallers:
    """Lines over which calls come and go, of every provider in turn.

    Args:
        boards: Where they call.
        lines: How many at once.
        seed: Of all that is left to chance.
    """

    def __init__(self, boards: Switchboards, lines: int, seed: int) -> None:
        self._boards = boards
        self._lines = lines
        self._chance = random.Random(seed)
        self._protocols = list(PROVIDERS)
        self._made = 0
        self.tally = PassingTally()

    async def call_for(self, seconds: float) -> None:
        """Let all call again and again; return when the last call after that time is over."""
        until_s = time.monotonic() + seconds
        await asyncio.gather(*(self._line(number, until_s) for number in range(self._lines)))

    async def _line(self, number: int, until_s: float) -> None:
        # Not all at once: as people call.
        await asyncio.sleep(number * BETWEEN_S)
        while time.monotonic() < until_s:
            await self._call()
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * BETWEEN_S)

    async def _call(self) -> None:
        chance = self._chance
        protocol = self._protocols[self._made % len(self._protocols)]
        self._made += 1
        manner = chance.choice(list(Manner))
        weather = WEATHER if chance.random() < 0.25 else Weather()
        longest_s = chance.uniform(0.2, LONGEST_MID_S) if manner is Manner.LEAVES else None
        tally = CallTally()
        asked = 0

        def tell(happening: Happening) -> None:
            nonlocal asked
            asked += happening.what is What.SAY
            tally.count(happening)

        try:
            wanted = self._boards.wanted(protocol, weather, longest_s)
            # A webhook is asked without asyncio.
            call = await asyncio.to_thread(wanted.call)
            form = call.words.form
            person = ScriptedCaller(
                self._script(manner, form),
                form.block_samples,
                tell,
                hang_up_s=1.0,
                patience_s=PATIENCE_S,
            )
            await DialledCall(call, tell).run(person)
        except CallRefusedError as refused:
            self.tally.wrong[f"{protocol}: {refused}"] += 1
            return
        self.tally.add(protocol, manner, tally, asked=asked, undisturbed=weather is not WEATHER)

    def _script(self, manner: Manner, form: LineForm) -> list[ScriptLine]:
        said = phrases_at(form.rate_hz)

        def question(*, interrupts: bool = False) -> ScriptLine:
            pause_s = self._chance.uniform(0.5, 1.5)
            return ScriptLine(
                "q", self._chance.choice(said), after_s=pause_s, interrupts=interrupts
            )

        match manner:
            case Manner.INTERRUPTS:
                return [question(), question(interrupts=True)]
            case Manner.PRESSES:
                return [question(), ScriptLine("12#", keys="12#", after_s=0.5)]
        return [question() for _ in range(self._chance.randint(1, QUESTIONS))]
