"""What all sessions and requests of one simulator share."""

import random
from dataclasses import dataclass
from typing import Protocol

from actors.simulator.admission import AccessControl
from actors.simulator.capabilities import SimulatedModels
from actors.simulator.conversation import Handles
from actors.simulator.journal import Journal
from actors.simulator.options import SimulatorOptions
from actors.simulator.pacing import Pacing
from actors.simulator.rule_matcher import RuleMatcher
from actors.simulator.stt import SpeechToText
from actors.simulator.tasks import Tasks
from actors.simulator.tts import TextToSpeech


class ListenControl(Protocol):
    """The listening socket, as far as a scenario may shut it."""

    def refuse_tcp(self, for_s: float) -> None:
        """Stops listening for a while."""

    def wrong_certificate(self, for_s: float) -> None:
        """Offers a certificate nobody trusts for a while."""


@dataclass
class Services:
    """One instance a server."""

    options: SimulatorOptions
    models: SimulatedModels
    admission: AccessControl
    stt: SpeechToText
    tts: TextToSpeech
    rules: RuleMatcher
    journal: Journal
    handles: Handles
    listening: ListenControl
    random: random.Random
    pacing: Pacing
    tasks: Tasks
