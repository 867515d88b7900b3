"""Static check of an actor's class: misspelt handlers, and ports it publishes on."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipeline.declaration import HANDLER, handlers, unknown_output, where
from pipeline.errors import ConfigError, did_you_mean
from pipeline.ports import IMPLICIT_OUTPUTS

if TYPE_CHECKING:
    from pipeline.actor import Actor


def check_handlers(actor: type[Actor[Any]]) -> None:
    """Refuse a handler without a port, a port without a handler, and a handler nobody can call.

    Raises:
        ConfigError: with file, class and the nearest name.
    """
    methods = handlers(actor)
    inherited = {port for parent in actor.__mro__[1:] for port in vars(parent).get("inputs", ())}
    for port, method in methods.items():
        name = HANDLER + port
        if port not in actor.inputs:
            if port in inherited:
                continue
            raise ConfigError(
                f"{where(actor)}: {name} is the handler of no input port; "
                f"{did_you_mean(port, actor.inputs)} A port of its own comes from a type hint, "
                f"{name}(self, frame: Audio)"
            )
        if inspect.iscoroutinefunction(method):
            raise ConfigError(
                f"{where(actor)}: {name} is async, and nobody would wait for it: make it a plain "
                "method that calls self.spawn(...)"
            )
        try:
            inspect.signature(method).bind(None, None)
        except TypeError as error:
            raise ConfigError(f"{where(actor)}: {name} is to take one frame: {error}") from error
    for port, spec in actor.inputs.items():
        if port not in methods:
            name = HANDLER + port
            hint = did_you_mean(name, map(HANDLER.__add__, methods)) if methods else "write one"
            raise ConfigError(f"{where(actor)}: input port {port!r} has no {name}; {hint}")
        if not spec.types:
            raise ConfigError(
                f"{where(actor)}: nothing says what port {port!r} takes: write a type hint, "
                f"{HANDLER}{port}(self, frame: Audio)"
            )


def check_published(actor: type[Actor[Any]]) -> None:
    """Refuse an output port that the class names in `self.publish` and does not declare.

    As far as the source is there, and the name is written out in it.

    Raises:
        ConfigError: with file, class and the nearest name.
    """
    known = {*actor.outputs, *IMPLICIT_OUTPUTS}
    trees = [tree for tree in map(_source, actor.__mro__) if tree is not None]
    attributes = {name for tree in trees for name in _assigned(tree)}
    for tree in trees:
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "publish":
                continue
            if _is_self(node.func.value) and node.args:
                for port in _constants(node.args[0]):
                    if port not in known:
                        raise unknown_output(actor, port)
            attribute = node.func.value
            if isinstance(attribute, ast.Attribute) and _is_self(attribute.value):
                name = attribute.attr
                unknown = name not in attributes and not hasattr(actor, name) and name not in known
                if unknown and get_close_matches(name, actor.outputs):
                    raise unknown_output(actor, name)


def _source(item: type) -> ast.AST | None:
    """Return the class as written; None for those of the framework, and where there is no file."""
    if item.__module__.partition(".")[0] in ("builtins", "typing", "pipeline"):
        return None
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(item)))
    except (OSError, TypeError, SyntaxError):
        return None


def _assigned(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _constants(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
