"""Vectors of texts over HTTP."""

import math
from typing import Any

import pytest
from raw_http import request
from simulating import Scripted, client

MODEL = "gemini-embedding-001"


def embed(texts: list[str], **config: Any) -> list[list[float]]:
    with client() as sdk:
        response = sdk.models.embed_content(model=MODEL, contents=texts, config=config)
    return [each.values or [] for each in response.embeddings or []]


def near(one: list[float], other: list[float]) -> float:
    length = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / length


def test_texts_that_share_words_are_near(scripted: Scripted) -> None:
    scripted()
    cats, again, more, other = embed(
        ["Cats sleep a lot", "cats sleep a lot!", "Cats sleep often", "Trains run late"]
    )
    assert cats == again
    assert len(cats) == 3072
    assert math.hypot(*cats) == pytest.approx(1)
    assert near(cats, more) > 0.4 > near(cats, other)


def test_vectors_may_be_shorter(scripted: Scripted) -> None:
    scripted()
    (vector,) = embed(["Cats sleep"], output_dimensionality=768, task_type="CLUSTERING")
    assert len(vector) == 768


def test_one_text_goes_alone_too(scripted: Scripted) -> None:
    body = {"content": {"parts": {"text": "Cats sleep"}}}
    reply = request(scripted(), "POST", f"/v1beta/models/{MODEL}:embedContent", body)
    assert len(reply.json["embedding"]["values"]) == 3072


@pytest.mark.parametrize(
    ("method", "body", "complaint"),
    [
        ("embedContent", {}, "contents is not specified"),
        ("embedContent", {"content": {"parts": [{"text": "four" * 3000}]}}, "(3000) exceeds"),
        ("embedContent", {"content": {"parts": [{"text": "x"}]}, "taskType": "GUESS"}, "task_type"),
        (
            "embedContent",
            {"content": {"parts": [{"text": "x"}]}, "outputDimensionality": 4000},
            "must be in the range [1, 3072]",
        ),
        ("batchEmbedContents", {"requests": []}, "invalid argument"),
        ("batchEmbedContents", {"requests": [{}] * 101}, "invalid argument"),
        ("batchEmbedContents", {"requests": [{"foo": 1}]}, "Unknown name"),
    ],
)
def test_bad_request_is_refused(
    scripted: Scripted, method: str, body: dict[str, Any], complaint: str
) -> None:
    reply = request(scripted(), "POST", f"/v1beta/models/{MODEL}:{method}", body)
    assert reply.status == 400
    assert complaint in reply.json["error"]["message"]


def test_other_models_do_not_embed(scripted: Scripted) -> None:
    body = {"content": {"parts": [{"text": "x"}]}}
    reply = request(scripted(), "POST", "/v1beta/models/gemini-3.8-flash:embedContent", body)
    assert reply.status == 404
