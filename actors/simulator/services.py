"""What all sessions and requests of one simulator share."""

import random
from dataclasses import dataclass

from actors.simulator.admission import AccessControl
from actors.simulator.capabilities import SimulatedModels
from actors.simulator.conversation import Handles
from actors.simulator.files import FileStore
from actors.simulator.journal import Journal
from actors.simulator.listening import ListeningSocket
from actors.simulator.options import SimulatorOptions
from actors.simulator.pacing import Pacing
from actors.simulator.rule_matcher import RuleMatcher
from actors.simulator.stt import SpeechToText
from actors.simulator.tasks import Tasks
from actors.simulator.tts import TextToSpeech


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
    files: FileStore
    listening: ListeningSocket
    random: random.Random
    pacing: Pacing
    tasks: Tasks
