"""What all sessions and requests of one simulator share."""

import random
from dataclasses import dataclass
from typing import Protocol

from .admission import Admission
from .capabilities import Capabilities
from .conversation import Handles
from .journal import Journal
from .options import SimulatorOptions
from .pacing import Pacing
from .rule_matcher import RuleMatcher
from .stt import SpeechToText
from .tasks import Tasks
from .tts import TextToSpeech


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
    models: Capabilities
    admission: Admission
    stt: SpeechToText
    tts: TextToSpeech
    rules: RuleMatcher
    journal: Journal
    handles: Handles
    listening: ListenControl
    random: random.Random
    pacing: Pacing
    tasks: Tasks
