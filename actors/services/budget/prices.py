"""Token prices: a dated table, read from `prices.yaml` or a file of the user's own."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actors.services.budget.account import Sum
from pipeline.config.load import explain
from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames import Usage
from pipeline.yaml_text import YamlError, read_yaml

PACKAGED = Path(__file__).with_name("prices.yaml")
PER_TOKENS = 1_000_000
"""A price is for so many tokens, as the service publishes it."""

Price = Annotated[Decimal, Field(ge=0)]


class ModelPrices(BaseModel):
    """Prices of one model from a date on, by modality; the fields are explained in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    since: datetime.date
    input: dict[str, Price]
    output: dict[str, Price]
    source: str = ""


class PriceTable(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: datetime.date
    currency: str = Field(min_length=1)
    audio_tokens_per_s: Decimal = Field(gt=0)
    rows: tuple[ModelPrices, ...]

    def row(self, model: str, day: datetime.date) -> ModelPrices | None:
        """The prices in force that day; before the first of a model, its first."""
        name = model.removeprefix("models/")
        rows = sorted((r for r in self.rows if r.model == name), key=lambda r: r.since)
        in_force = [r for r in rows if r.since <= day]
        return in_force[-1] if in_force else next(iter(rows), None)

    def price(self, usage: Usage, day: datetime.date) -> tuple[Sum, list[str]]:
        """Return what was used, and what has no price: the model, or modalities of it."""
        row = self.row(usage.model, day)
        money, known, unpriced = Decimal(0), 0, 0
        missing: list[str] = [] if row else [usage.model]
        for way, used in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            prices: dict[str, Decimal] = getattr(row, way) if row else {}
            for modality, tokens in used.items():
                if tokens <= 0:
                    continue
                known += tokens
                if modality in prices:
                    money += prices[modality] * tokens / PER_TOKENS
                else:
                    unpriced += tokens
                    if row:
                        missing.append(f"{usage.model}, {way} of {modality}")
        # The service bills some tokens without saying of what modality they are.
        tokens = max(known, usage.total_tokens)
        spoken = max(0, usage.output_tokens.get("audio", 0))
        return Sum(tokens, unpriced + tokens - known, spoken, money), missing

    def minutes(self, spoken_tokens: int) -> Decimal:
        """How long so many tokens of speech are."""
        return spoken_tokens / self.audio_tokens_per_s / 60


def load_prices(name: str | None, config_dir: Path) -> PriceTable:
    """Read the table; None is the one that comes along.

    Raises:
        ConfigError: there is no such file, or it is no price table.
    """
    path = PACKAGED if name is None else config_dir / Path(name).expanduser()
    try:
        return PriceTable.model_validate(read_yaml(path))
    except FileNotFoundError:
        near = [p.name for p in path.parent.glob("[!.]*.yaml")] if path.parent.is_dir() else []
        raise ConfigError(f"prices: no file {path}: {did_you_mean(path.name, near)}") from None
    except (OSError, YamlError, ValidationError) as error:
        wrong = explain(error, PriceTable) if isinstance(error, ValidationError) else error
        raise ConfigError(
            f"prices: {path} is no price table; write it like {PACKAGED}: {wrong}"
        ) from error
