"""Which models there are, and whether one can hold a live conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, did_you_mean

if TYPE_CHECKING:
    from google.genai import Client

LIVE_METHOD = "bidiGenerateContent"
PAGE_SIZE = 1000
"""The most that the service gives at once."""


@dataclass(frozen=True)
class ListedModel:
    """A model as the service lists it; `name` is without `models/`."""

    name: str
    methods: tuple[str, ...]
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def live(self) -> bool:
        """Whether it holds live conversations."""
        return LIVE_METHOD in self.methods


async def list_models(client: Client) -> list[ListedModel]:
    """Return all models that the key may use. Raises what google-genai and httpx raise."""
    pager = await client.aio.models.list(config={"page_size": PAGE_SIZE})
    return [
        ListedModel(
            (model.name or "").removeprefix("models/"),
            tuple(model.supported_actions or ()),
            model.input_token_limit,
            model.output_token_limit,
        )
        async for model in pager
    ]


def check_live_model(name: str, models: list[ListedModel]) -> None:
    """Return if `name` is a Live model.

    Raises:
        ModelError: it is not; names the nearest Live models.
    """
    wanted = name.removeprefix("models/")
    live = [model.name for model in models if model.live]
    if wanted in live:
        return
    exists = any(model.name == wanted for model in models)
    problem = "cannot hold a live conversation" if exists else "does not exist"
    raise ModelError(f"the model {wanted!r} {problem}: {did_you_mean(wanted, live)}")
