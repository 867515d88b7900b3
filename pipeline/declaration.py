"""Declaration of an actor: options and ports, read from the annotations of its class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames import Frame
from pipeline.ports import In, Out

if TYPE_CHECKING:
    from pipeline.actor import Actor, Options

HANDLER = "on_"
"""A method of this beginning takes the frames of the port that the rest names."""
OWN_ATTRIBUTES = frozenset(
    [
        "options",
        "surroundings",
        "name",
        "session",
        "sessions",
        "log",
        "counters",
        "gauges",
        "checkpoint",
        "state",
        "detail",
    ]
)
"""What every actor has from its start; a port of such a name would hide it."""
_NAMES_OUT = re.compile(r"\bOut\b")


def declare(actor: type[Actor[Any]], base: type[Options]) -> None:
    """Fill in `options_type`, `inputs` and `outputs` of a class from its annotations.

    What the class lists itself stays as it is.

    Args:
        actor: The class, just defined.
        base: What all options types derive from.

    Raises:
        ConfigError: a type hint cannot be read, or is not one of frames.
    """
    if "options_type" not in vars(actor):
        for parent in vars(actor).get("__orig_bases__", ()):
            named = [a for a in get_args(parent) if isinstance(a, type) and issubclass(a, base)]
            if named:
                actor.options_type = named[0]
    outputs = _annotated_outputs(actor)
    if outputs:
        actor.outputs = {**actor.outputs, **outputs}
    inputs = _inputs(actor)
    if inputs != actor.inputs:
        actor.inputs = inputs


def bound_outputs(actor: Actor[Any]) -> dict[str, Out]:
    """Return the ports that the class declares by annotation, as ports of this actor."""
    return {
        name: replace(out, send=partial(actor.publish, name))
        for name, out in actor.outputs.items()
        if any(name in inspect.get_annotations(parent) for parent in type(actor).__mro__)
    }


def handlers(actor: type[Actor[Any]]) -> dict[str, Callable[..., Any]]:
    """Return the methods that take frames, by the name of their port, those of bases first."""
    found: dict[str, Callable[..., Any]] = {}
    for parent in reversed(actor.__mro__):
        for name, item in vars(parent).items():
            if name.startswith(HANDLER) and inspect.isfunction(item):
                found[name.removeprefix(HANDLER)] = item
    return found


def where(actor: type[Actor[Any]]) -> str:
    """Return file and class, for a message."""
    try:
        file = inspect.getsourcefile(actor)
    except (OSError, TypeError):
        file = None
    return f"{file or actor.__module__}: class {actor.__name__}"


def unknown_output(actor: type[Actor[Any]], port: str) -> ConfigError:
    """Return the error of publishing on a port that the class does not declare."""
    hint = did_you_mean(port, actor.outputs)
    return ConfigError(f"{where(actor)} publishes on {port!r} and has no such output port; {hint}")


def _inputs(actor: type[Actor[Any]]) -> dict[str, In]:
    found = dict(actor.inputs)
    methods = handlers(actor)
    for port, spec in found.items():
        if not spec.types and port in methods:
            found[port] = replace(spec, types=_taken(actor, methods[port]))
    for name, item in vars(actor).items():
        port = name.removeprefix(HANDLER)
        if port in methods and methods[port] is item and port not in found:
            types = _taken(actor, item)
            if types:
                found[port] = In(types)
    return found


def _taken(actor: type[Actor[Any]], method: Callable[..., Any]) -> tuple[type[Frame], ...]:
    """Return the frames that a handler's type hint names; none if it has no hint."""
    parameters = list(inspect.signature(method).parameters)[1:2]
    if not parameters or parameters[0] not in method.__annotations__:
        return ()
    try:
        hint = get_type_hints(method)[parameters[0]]
    except NameError as error:
        raise ConfigError(
            f"{where(actor)}: the type hint of {method.__name__} cannot be read, {error}: "
            "import the type at the top of the file, not under TYPE_CHECKING"
        ) from error
    return _frame_types(hint, f"{where(actor)}: {method.__name__}")


def _annotated_outputs(actor: type[Actor[Any]]) -> dict[str, Out]:
    found: dict[str, Out] = {}
    annotations: Mapping[str, Any] = inspect.get_annotations(actor)
    for name, hint in annotations.items():
        if isinstance(hint, str) and not _NAMES_OUT.search(hint):
            continue
        # Each alone: another annotation of the class may be none that can be read at run time.
        alone = {"__annotations__": {name: hint}, "__module__": actor.__module__}
        try:
            read = get_type_hints(type("_Alone", (), alone))[name]
        except NameError as error:
            raise ConfigError(
                f"{where(actor)}: the type of {name} cannot be read: {error}"
            ) from error
        if get_origin(read) is ClassVar and get_args(read):
            read = get_args(read)[0]
        if get_origin(read) is not Out:
            continue
        bases = [vars(parent)[name] for parent in actor.__mro__[1:] if name in vars(parent)]
        if name in OWN_ATTRIBUTES or any(not isinstance(each, Out) for each in bases):
            raise ConfigError(
                f"{where(actor)}: an output port {name} would hide the actor's own {name}: "
                "call it otherwise"
            )
        given = vars(actor).get(name, Out())
        if not isinstance(given, Out):
            raise ConfigError(
                f"{where(actor)}: {name} is an output port: give it an Out, or nothing"
            )
        types = given.types or _frame_types(get_args(read)[0], f"{where(actor)}: {name}")
        found[name] = replace(given, types=types)
    return found


def _frame_types(hint: Any, what: str) -> tuple[type[Frame], ...]:
    types = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for each in types:
        if not (isinstance(each, type) and issubclass(each, Frame)):
            raise ConfigError(
                f"{what} is of {each!r}, which is no type of frame: see wire-format.md"
            )
    return types
