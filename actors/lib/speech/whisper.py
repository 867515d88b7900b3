"""Speech recognition in many languages, by a Whisper model in a folder that the user names."""

from __future__ import annotations

import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from actors.lib.languages.tags import ENGLISH, base_of
from actors.lib.speech.recognizer import pcm16_to_float
from actors.lib.worker import WorkerThread
from pipeline.errors import GreenroomError

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Of a model as CTranslate2 has it; without the last one, the library would fetch it."""
COMPUTE_TYPE = "int8"
"""A quarter of the memory, and on processors without a GPU the fastest that CTranslate2 has."""

_model_lock = threading.Lock()


class RecognitionError(GreenroomError):
    """A model cannot be used; the message says what to do."""


def wrong_folder(folder: Path) -> str:
    """Return what is wrong with a folder and what to do; empty: it may do."""
    if find_spec("faster_whisper") is None:
        return "a model in a folder needs faster-whisper: install greenroom's extra `recognition`"
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if not missing:
        return ""
    what = "lacks " + " and ".join(missing) if folder.is_dir() else "is no folder"
    return (
        f"{folder} {what}: name one with a Whisper model for CTranslate2, such as a download of "
        "Systran/faster-whisper-small"
    )


class WhisperRecognizer(WorkerThread):
    """One model, in a worker thread."""

    def __init__(self, folder: Path) -> None:
        super().__init__("whisper")
        self._folder = folder

    async def start(self) -> None:
        """Load the model.

        Raises:
            RecognitionError: it cannot be used.
        """
        await self.run(_loaded, self._folder)

    async def hear(self, pcm: bytes, rate_hz: int, languages: tuple[str, ...]) -> tuple[str, str]:
        """Return the words in PCM16 mono of any rate, and which of the languages they are in.

        Raises:
            RecognitionError: the model cannot be used.
        """
        return await self.run(_transcribe, self._folder, pcm, rate_hz, languages)


@cache
def _load(folder: Path) -> Any:
    from faster_whisper import WhisperModel

    return WhisperModel(str(folder), device="cpu", compute_type=COMPUTE_TYPE, local_files_only=True)


def _loaded(folder: Path) -> Any:
    with _model_lock:
        try:
            return _load(folder)
        except Exception as error:
            # CTranslate2 raises plain ones for files that are cut off or of another kind.
            raise RecognitionError(
                f"the recognition model in {folder} cannot be loaded ({error}): download it again"
            ) from error


def _transcribe(
    folder: Path, pcm: bytes, rate_hz: int, languages: tuple[str, ...]
) -> tuple[str, str]:
    model = _loaded(folder)
    if not model.model.is_multilingual:
        # It would take any language for strange English.
        languages = tuple(each for each in languages if base_of(each) == ENGLISH)
        if not languages:
            raise RecognitionError(
                f"the recognition model in {folder} understands English only: "
                "download one without `.en` in its name"
            )
    samples = pcm16_to_float(pcm, rate_hz)
    language = languages[0]
    if len(languages) > 1:
        _, _, probabilities = model.detect_language(samples)
        likely = dict(probabilities)
        language = max(languages, key=lambda each: likely.get(base_of(each), 0.0))
    segments, _ = model.transcribe(
        samples,
        language=base_of(language),
        beam_size=1,
        condition_on_previous_text=False,
        without_timestamps=True,
    )
    return " ".join(each.text.strip() for each in segments if each.text.strip()), language
