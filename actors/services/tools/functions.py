"""Python functions as tools: schema from the signature, description from the docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ArgsKwargs

from actors.services.tools.threads import DaemonThreads
from actors.services.tools.tool import ToolError, as_response
from pipeline.errors import ConfigError
from pipeline.importing import load_object

SHOWN_VALUE_CHARS = 80
"""How much of a bad argument is shown back to the model."""
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


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
        self._arguments = _arguments(function)
        self.parameters = _schema(self._arguments, self.name)

    async def call(self, args: dict[str, Any]) -> dict[str, Any]:
        """Check the arguments and run the function; a sync one in a thread."""
        try:
            keywords = self._arguments.validate_python(ArgsKwargs((), args))
        except ValidationError as error:
            raise ToolError(_complaint(error)) from error
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


def _arguments(function: Callable[..., Any]) -> TypeAdapter[dict[str, Any]]:
    """Return what checks the arguments of a function and hands them back by name."""
    name = function.__name__
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in BY_NAME:
            raise ConfigError(
                f"function {name}: {parameter} cannot be offered; the model gives arguments by name"
            )
        if parameter.annotation is parameter.empty:
            raise ConfigError(f"function {name}: give {parameter.name!r} a type hint")

    def collect(**keywords: Any) -> dict[str, Any]:
        return keywords

    like_it: Any = wraps(function)(collect)
    try:
        return TypeAdapter(like_it)
    except NameError as error:
        raise ConfigError(f"function {name}: its type hints cannot be read: {error}") from error
    except PydanticUserError as error:
        raise _without_schema(name, error) from error


class _Untitled(GenerateJsonSchema):
    """Titles only repeat the parameter's name, and the model pays for each token."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schema(arguments: TypeAdapter[dict[str, Any]], name: str) -> dict[str, Any]:
    try:
        schema = arguments.json_schema(schema_generator=_Untitled)
    except PydanticUserError as error:
        raise _without_schema(name, error) from error
    # Enforced here; the Live API's subset of JSON Schema does not know the keyword.
    schema.pop("additionalProperties", None)
    return schema


def _without_schema(name: str, error: PydanticUserError) -> ConfigError:
    return ConfigError(f"function {name}: its parameters have no JSON Schema: {error}")


def _complaint(error: ValidationError) -> str:
    problems = []
    for each in error.errors(include_url=False):
        where = ".".join(str(part) for part in each["loc"])
        missing = each["type"].startswith("missing")
        given = "" if missing else f", not {each['input']!r}"[:SHOWN_VALUE_CHARS]
        problems.append(f"{where}: {each['msg']}{given}")
    return "bad arguments: " + "; ".join(problems)
