"""Python functions as tools: schema from the signature, description from the docstring."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from actors.services.tools.threads import DaemonThreads
from actors.services.tools.tool import ToolError, as_response
from pipeline.errors import ConfigError, did_you_mean

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
    target, _, name = reference.rpartition(":")
    if not target or not name:
        raise ConfigError(
            f"functions: {reference!r} is not written module:function or folder/file.py:function"
        )
    if target.endswith(".py"):
        module = _from_file((config_dir / target).resolve(), reference)
    else:
        module = _import(target, reference)
    found = getattr(module, name, None)
    if found is None:
        there = [n for n, item in vars(module).items() if inspect.isfunction(item)]
        raise ConfigError(
            f"functions: {reference!r}: no {name!r} there: {did_you_mean(name, there)}"
        )
    if not inspect.isfunction(found):
        raise ConfigError(f"functions: {reference!r} is not a function but {found!r}")
    return found


def _import(target: str, reference: str) -> ModuleType:
    try:
        return importlib.import_module(target)
    except Exception as error:
        raise ConfigError(f"functions: {reference!r} cannot be imported: {error!r}") from error


def _from_file(path: Path, reference: str) -> ModuleType:
    if not path.is_file():
        here = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigError(f"functions: {reference!r}: no {path}: {did_you_mean(path.name, here)}")
    name = f"greenroom_tool_{path.stem}_{abs(hash(path)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"functions: {path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"functions: {reference!r} cannot be imported: {error!r}") from error
    return module


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
