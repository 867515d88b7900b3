"""Wake words in sound, by microWakeWord's networks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pymicro_wakeword import MicroWakeWord

WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
"""Models that come with pymicro-wakeword 2.5."""
REST_SAMPLES = 16_000
"""A word that was heard is not heard again within 1 s: it stays probable for 0.2 s as a rule."""
FEATURES = 40
"""Bands in which the networks hear."""
BYTES = (3, 9)
"""`kTfLiteUInt8` and `kTfLiteInt8`: what quantized networks take and give."""
MANIFEST = (
    '{"wake_word": "Hey you", "model": "hey_you.tflite", '
    '"micro": {"probability_cutoff": 0.9, "sliding_window_size": 5}}'
)


@dataclass(frozen=True)
class WordModel:
    """A model and what it takes to use it.

    Attributes:
        word: As it is said.
        network: Its file.
        cutoff: Probability from which the word counts as said.
        window: Probabilities of which the mean is taken.
    """

    word: str
    network: Path
    cutoff: float
    window: int


def read_models(words: Sequence[str], config_dir: Path, cutoff: float | None) -> list[WordModel]:
    """Find the models of words.

    Args:
        words: Names of those that come with the package, or JSON files.
        config_dir: Folder in which these files are.
        cutoff: Instead of what the models say.

    Raises:
        ConfigError: the package is missing, or a file is, or is none.
    """
    spec = find_spec("pymicro_wakeword")
    if spec is None or spec.origin is None:
        raise ConfigError('wake words need pymicro-wakeword: pip install "greenroom[wake]"')
    packaged = Path(spec.origin).parent / "models"
    models = []
    for word in words:
        is_file = word.endswith(".json") or "/" in word
        path = config_dir / Path(word).expanduser() if is_file else packaged / f"{word}.json"
        if not is_file and word not in WORDS:
            raise ConfigError(
                f"wake: there is no word {word!r}: {did_you_mean(word, WORDS)} "
                "A model of your own is written as the path of its .json file"
            )
        models.append(_read(path, cutoff))
    return models


def _read(path: Path, cutoff: float | None) -> WordModel:
    if path.suffix == ".tflite":
        raise ConfigError(f"wake: name the .json file that belongs to {path.name}, not the network")
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
        micro = manifest["micro"]
        model = WordModel(
            word=str(manifest["wake_word"]),
            network=path.parent / str(manifest["model"]),
            cutoff=float(micro["probability_cutoff"]) if cutoff is None else cutoff,
            window=int(micro["sliding_window_size"]),
        )
    except OSError as error:
        raise ConfigError(f"wake: {path}: {error.strerror}: name a model's .json file") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"wake: {path} does not describe a model ({error!r}): it has to be like {MANIFEST}"
        ) from error
    if not (0 < model.cutoff < 1 and 1 <= model.window <= 100):
        raise ConfigError(
            f"wake: {path}: probability_cutoff has to be between 0 and 1, and sliding_window_size "
            "1 to 100"
        )
    try:
        magic = model.network.read_bytes()[4:8]
    except OSError as error:
        raise ConfigError(f"wake: {model.network}: {error.strerror}, named in {path}") from error
    if magic != b"TFL3":
        raise ConfigError(f"wake: {model.network} is no TensorFlow Lite model, named in {path}")
    return model


class WakeWords:
    """Listens for words in one stream of sound."""

    def __init__(self, models: Sequence[WordModel], share: float = 1.0) -> None:
        """Load the networks.

        Args:
            models: Of the words.
            share: Of their cutoffs that is enough.

        Raises:
            ConfigError: one of them is not what it is said to be.
        """
        from pymicro_wakeword import MicroWakeWordFeatures

        self.words = [model.word for model in models]
        self._share = share
        self._features = MicroWakeWordFeatures()
        self._networks = [_load(model) for model in models]
        self._rest = 0

    def hear(self, pcm: bytes) -> str | None:
        """Return the word that is complete in this block, if one is.

        Args:
            pcm: Signed 16-bit little-endian mono at 16 kHz, following what came before.
        """
        self._rest = max(0, self._rest - len(pcm) // 2)
        heard = None
        for features in self._features.process_streaming(pcm):
            for network in self._networks:
                probability = network.process_streaming_prob(features) or 0.0
                if probability > network.probability_cutoff * self._share and not self._rest:
                    heard, self._rest = str(network.wake_word), REST_SAMPLES
        return heard

    def begin_anew(self) -> None:
        """Forget what came before: what comes does not follow it."""
        self._features.reset()
        for network in self._networks:
            network.reset()
        self._rest = 0


def _load(model: WordModel) -> MicroWakeWord:
    """Load a network; the package itself does not look whether it is one, and crashes."""
    from pymicro_wakeword import MicroWakeWord, microwakeword
    from pymicro_wakeword.wakeword import TfLiteWakeWord

    library = next((Path(microwakeword.__file__).parent / "lib").glob("*tensorflowlite_c.*"))
    _look_at(TfLiteWakeWord(library).lib, model.network)
    return MicroWakeWord(
        id=model.network.stem,
        wake_word=model.word,
        tflite_model=model.network,
        probability_cutoff=model.cutoff,
        sliding_window_size=model.window,
        trained_languages=[],
        libtensorflowlite_c_path=library,
    )


def _look_at(lite: Any, path: Path) -> None:
    """Look whether a file holds a network that hears a word.

    Raises:
        ConfigError: it does not.
    """
    model = lite.TfLiteModelCreateFromFile(str(path).encode())
    network = lite.TfLiteInterpreterCreate(model, None) if model else None
    try:
        if not network or lite.TfLiteInterpreterAllocateTensors(network):
            raise ConfigError(f"wake: {path} is damaged: it is no TensorFlow Lite model")
        takes = lite.TfLiteInterpreterGetInputTensor(network, 0)
        gives = lite.TfLiteInterpreterGetOutputTensor(network, 0)
        size, stride = lite.TfLiteTensorByteSize(takes), lite.TfLiteTensorDim(takes, 1)
        bytes_each = (lite.TfLiteTensorType(each) in BYTES for each in (takes, gives))
        if (
            not all(bytes_each)
            or size != stride * FEATURES
            or lite.TfLiteTensorByteSize(gives) != 1
        ):
            raise ConfigError(f"wake: {path} is a TensorFlow Lite model, but of no wake word")
    except RuntimeError as error:
        raise ConfigError(f"wake: {path} cannot be used: {error}") from error
    finally:
        if network:
            lite.TfLiteInterpreterDelete(network)
        if model:
            lite.TfLiteModelDelete(model)
