"""The pipelines that are compared: configs, and overrides of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config.build import build_graph
from pipeline.config.load import load_config
from pipeline.config.model import PipelineConfig
from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Variant:
    """One pipeline.

    Attributes:
        name: In tables and pictures.
        path: Its config file.
        config: The config with everything laid on it.
        options: Of each actor, with paths made absolute: of a config that is extended they begin
            at its folder, which only its text knows.
    """

    name: str
    path: Path
    config: PipelineConfig
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The config as it is written in a file, without what was not set."""
        tree: dict[str, Any] = self.config.model_dump(mode="json", exclude_unset=True)
        for name, options in self.options.items():
            tree["actors"][name]["options"] = deepcopy(options)
        return tree


def overrides_by_name(options: Sequence[str]) -> dict[str, list[str]]:
    """Group what was given as `NAME:A.B=C`; a name alone is the config as it is.

    Raises:
        ConfigError: one is written otherwise.
    """
    found: dict[str, list[str]] = {}
    for option in options:
        name, colon, override = option.partition(":")
        if not name.strip() or "=" in name or bool(colon) != ("=" in override):
            raise ConfigError(
                f"--variant {option}: write NAME:path.to.field=value, once for each field, "
                "or NAME for the config as it is"
            )
        found.setdefault(name.strip(), []).extend([override] if colon else [])
    return found


def make_variants(
    configs: Sequence[Path],
    sets: Sequence[str],
    options: Sequence[str],
    overlay: Mapping[str, Any] | None = None,
) -> list[Variant]:
    """Return each config with each set of overrides.

    Args:
        configs: Files.
        sets: Overrides for all, as of `run --set`.
        options: As for `overrides_by_name`; none: the configs as they are.
        overlay: Laid on the files.

    Raises:
        ConfigError: what cannot work, with file, path and the nearest valid name.
    """
    named = overrides_by_name(options) or {"": []}
    variants: dict[str, Variant] = {}
    for path in configs:
        for name, overrides in named.items():
            config = load_config(path, [*sets, *overrides], overlay)
            full = "/".join(
                each for each in (path.stem if _tells(configs, name) else "", name) if each
            )
            if full in variants:
                raise ConfigError(f"two variants are named {full!r}: rename one of the files")
            # What an option is called wrong is to be said before an hour of work, not after.
            graph = build_graph(config, path, look_outside=False)
            options_of = {
                actor: node.config.options
                for actor, node in graph.nodes.items()
                if node.config.options
            }
            variants[full] = Variant(full, path, config, options_of)
    return list(variants.values())


def _tells(configs: Sequence[Path], name: str) -> bool:
    """Whether the name of the config says something that the name of the overrides does not."""
    return len(configs) > 1 or not name
