"""The reference pages of the docs, made from the classes they describe."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.config import PipelineConfig
from pipeline.frames import FRAME_TYPES, SCHEMA_VERSION, Frame
from pipeline.ports import In, Out
from pipeline.registry import builtin_names, find_actor

HEADER_FIELDS = tuple(Frame.model_fields)


def wire_reference() -> str:
    """Return docs/wire-format.md from its table of frames on."""
    lines = [
        "| key | type | meaning |",
        "|---|---|---|",
        f"| `v` | int | Schema version, {SCHEMA_VERSION}. |",
        "| `type` | str | Which frame this is. |",
        *_rows(Frame),
    ]
    for name, frame_type in FRAME_TYPES.items():
        fields = {k: f for k, f in frame_type.model_fields.items() if k not in HEADER_FIELDS}
        lines += ["", f"### `{name}`", "", _summary(frame_type), "", "| key | type | meaning |"]
        lines += ["|---|---|---|", *(_row(key, field) for key, field in fields.items())]
    return "\n".join(lines) + "\n"


def config_reference() -> str:
    """Return docs/config.md from its table of fields on."""
    lines = ["| field | type | default | meaning |", "|---|---|---|---|"]
    lines.append(
        "| `extends` | str | | Config on top of which this one lies, relative to this file. |"
    )
    lines += _config_rows(PipelineConfig, "")
    for name in builtin_names():
        actor = find_actor(name, Path.cwd())
        lines += ["", f"### `{name}`", "", _summary(actor), ""]
        lines += [_port(port, spec) for port, spec in actor.inputs.items()]
        lines += [_port(port, spec) for port, spec in actor.outputs.items()]
        options = _config_rows(actor.options_type, "")
        if options:
            lines += ["", "| option | type | default | meaning |", "|---|---|---|---|", *options]
    return "\n".join(lines) + "\n"


def _port(name: str, spec: In | Out) -> str:
    types = ", ".join(f"`{t.type_name}`" for t in spec.types)
    way = "in" if isinstance(spec, In) else "out"
    optional = " (optional)" if isinstance(spec, In) and not spec.required else ""
    return f"- {way} `{name}`{optional}: {types}"


def _config_rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows = []
    for key, field in model.model_fields.items():
        path = f"{prefix}{field.alias or key}"
        inner, placeholder = _inner_model(field.annotation)
        if inner is not None:
            if field.description:
                rows.append(f"| `{path}` | {_type(field.annotation)} | | {_text(field)} |")
            rows += _config_rows(inner, f"{path}.{placeholder}")
            continue
        default = "required" if field.is_required() else _default(field)
        rows.append(f"| `{path}` | {_type(field.annotation)} | {default} | {_text(field)} |")
    return rows


def _inner_model(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        models = [_inner_model(each) for each in arguments]
        return next((found for found in models if found[0] is not None), (None, ""))
    if origin in (dict, list) and arguments:
        inner, _ = _inner_model(arguments[-1])
        return inner, "<name>." if origin is dict else "<n>."
    return None, ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or value in ({}, []):
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _rows(model: type[BaseModel]) -> list[str]:
    return [_row(key, field) for key, field in model.model_fields.items()]


def _row(key: str, field: FieldInfo) -> str:
    return f"| `{key}` | {_type(field.annotation)} | {_text(field)} |"


def _text(field: FieldInfo) -> str:
    return " ".join((field.description or "").split()).replace("|", "\\|")


def _summary(item: type) -> str:
    return (item.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_type(each) for each in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"map of {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, Frame):
        return f"`{annotation.type_name}`"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "map"
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0])
    return {"Path": "path", "Any": "any"}.get(
        getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation))
    )
