"""`greenroom schema`: JSON Schema for editors and for other languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.config import PipelineConfig
from pipeline.frames import FRAME_TYPES, SCHEMA_VERSION
from pipeline.registry import builtin_names, find_actor


def schema_of(what: str) -> str:
    """Return the JSON Schema of `config`, of `frames`, or of an actor's options.

    Raises:
        ConfigError: there is no actor of that name.
    """
    if what == "config":
        schema = PipelineConfig.model_json_schema()
        schema["properties"]["extends"] = {
            "type": "string",
            "description": "Config file on top of which this one lies.",
        }
        schema["x-actor-options"] = {
            name: find_actor(name, Path.cwd()).options_type.model_json_schema()
            for name in builtin_names()
        }
    elif what == "frames":
        schema = _frames()
    else:
        schema = find_actor(what, Path.cwd()).options_type.model_json_schema()
    return json.dumps(schema, indent=2)


def _frames() -> dict[str, Any]:
    definitions = {}
    for name, frame_type in sorted(FRAME_TYPES.items()):
        schema = frame_type.model_json_schema()
        schema["properties"] = {
            "v": {"const": SCHEMA_VERSION, "description": "Schema version."},
            "type": {"const": name, "description": "Which frame this is."},
            **schema["properties"],
        }
        schema["required"] = ["v", "type", "session", *schema.get("required", [])]
        definitions[name] = schema
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "greenroom frames",
        "description": "Each frame is one msgpack map; bytes are msgpack bin.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }
