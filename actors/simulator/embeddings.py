"""embedContent and batchEmbedContents: vectors of texts, near for texts that share words."""

import hashlib
import re
from typing import Any

import numpy as np

from actors.backends.gemini.wire import read, violation
from actors.backends.gemini.wire.contents import text_of
from actors.backends.gemini.wire.http_error import HttpError, too_many_tokens
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator.capabilities import SimulatedModel
from actors.simulator.errors import http_preset

REQUEST = "EmbedContentRequest"
# Documented of gemini-embedding-001: the length of its vectors, which may be cut, and how many
# texts one request may hold.
DIMENSIONS = 3072
MAX_TEXTS = 100


def embed(method: str, body: Any, model: SimulatedModel, version: str) -> dict[str, Any]:
    """The response of `embedContent` or `batchEmbedContents`. Raises Invalid or HttpError."""
    if method == "embedContent":
        return {"embedding": _embedding(read(REQUEST, body, version), model)}
    requests = read("BatchEmbedContentsRequest", body, version).get("requests", [])
    if not 1 <= len(requests) <= MAX_TEXTS:
        raise http_preset("invalid_argument")
    return {"embeddings": [_embedding(request, model) for request in requests]}


def _embedding(request: dict[str, Any], model: SimulatedModel) -> dict[str, Any]:
    text = text_of(request.get("content", {}))
    if not text:
        raise violation("content", "contents is not specified", REQUEST)
    tokens = text_tokens(text)
    if tokens > model.input_tokens:
        message = too_many_tokens(tokens, model.input_tokens)
        raise HttpError(400, "INVALID_ARGUMENT", message)
    length = request.get("outputDimensionality") or DIMENSIONS
    if not 1 <= length <= DIMENSIONS:
        what = f"must be in the range [1, {DIMENSIONS}]."
        raise violation("output_dimensionality", what, REQUEST)
    vector = sum((_of_word(word) for word in _words(text)), np.zeros(DIMENSIONS))
    # Documented: only vectors of the whole length come normalised.
    return {"values": [round(float(value), 8) for value in vector[:length] / _norm(vector)]}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold()) or [text]


def _of_word(word: str) -> Any:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(DIMENSIONS)


def _norm(vector: Any) -> float:
    return float(np.linalg.norm(vector)) or 1.0
