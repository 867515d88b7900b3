"""Python functions as tools: schema from the signature, description from the docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from actors.services.tools.threads import DaemonThreads
from actors.services.tools.tool import ToolError, as_response
from pipeline.errors import ConfigError
from pipeline.importing import load_object

SHOWN_VALUE_CHARS = 80
"""How much of a bad argument is shown back to the model."""


class FunctionTool:
    """A Python function that the model may call."""

    def __init__(self, function: Callable[..., Any], threads: DaemonThreads) -> None:
        """Read the function's signature.

        Raises:
            ConfigError: a parameter has no type hint, or one that has no JSON Schema.
        """
        self._function = function
        self._threads = threads
        self._is_async = inspect.iscoroutinefunction(function)
        self.name = function.__name__
        self.description = inspect.getdoc(function) or ""
        self._fields, self._model = _arguments_model(function)
        self.parameters = _schema(self._model, self.name)

    async def call(self, args: dict[str, Any]) -> dict[str, Any]:
        """Check the arguments and run the function; a sync one in a thread."""
        try:
            checked = self._model.model_validate(args)
        except ValidationError as error:
            raise ToolError(_complaint(error)) from error
        keywords = {
            name: getattr(checked, field)
            for field, name in self._fields.items()
            if field in checked.model_fields_set
        }
        if self._is_async:
            value = await self._function(**keywords)
        else:
            value = await self._threads.run(lambda: self._function(**keywords), self.name)
        return as_response(value)


def load_function(reference: str, config_dir: Path) -> Callable[..., Any]:
    """Return the function that `module:function` or `folder/file.py:function` names.

    Raises:
        ConfigError: there is no such module, file or function, or importing it failed.
    """
    try:
        found = load_object(reference, config_dir, inspect.isfunction, "function")
    except ConfigError as error:
        raise ConfigError(f"functions: {error}") from error
    assert inspect.isfunction(found)
    return found


def _arguments_model(function: Callable[..., Any]) -> tuple[dict[str, str], type[BaseModel]]:
    """Return a model of the parameters, and the parameter behind each of its fields.

    Fields carry names of their own: a parameter may be called `copy` or `_x`, a field may not.
    """
    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ConfigError(f"function {name}: its type hints cannot be read: {error}") from error
    fields: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for number, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ConfigError(
                f"function {name}: {parameter} cannot be offered; the model gives arguments by name"
            )
        if parameter.name not in hints:
            raise ConfigError(f"function {name}: give {parameter.name!r} a type hint")
        field = f"argument_{number}"
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[field] = parameter.name
        definitions[field] = (hints[parameter.name], Field(default, alias=parameter.name))
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid"), **definitions)
    except PydanticUserError as error:
        raise ConfigError(
            f"function {name}: its parameters have no JSON Schema: {error}"
        ) from error
    return fields, model


class _Untitled(GenerateJsonSchema):
    """Titles only repeat the parameter's name, and the model pays for each token."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    try:
        schema = model.model_json_schema(schema_generator=_Untitled)
    except PydanticUserError as error:
        raise ConfigError(
            f"function {name}: its parameters have no JSON Schema: {error}"
        ) from error
    # Enforced here; the Live API's subset of JSON Schema does not know the keyword.
    schema.pop("additionalProperties", None)
    schema.pop("title", None)
    return schema


def _complaint(error: ValidationError) -> str:
    problems = []
    for each in error.errors(include_url=False):
        where = ".".join(str(part) for part in each["loc"])
        given = "" if each["type"] == "missing" else f", not {each['input']!r}"[:SHOWN_VALUE_CHARS]
        problems.append(f"{where}: {each['msg']}{given}")
    return "bad arguments: " + "; ".join(problems)
