"""Models of a library, whose fields pydantic collects when a model is first used.

google-genai defines 474 models, of which a conversation uses 150. pydantic can leave a model's
schema to its first use (`defer_build`, which google-genai sets), but not its fields: to collect
those of the others takes 50 ms of every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

import pydantic

if TYPE_CHECKING:
    from collections.abc import Callable

VERSIONS = ("2.14.",)
"""Of pydantic: those in which fields are collected by this function of its own and kept in these
attributes. With others everything is as without this module, only slower."""
ATTRIBUTES = ("__pydantic_fields__", "__pydantic_extra_info__")
"""What the collecting of fields sets."""

_collecting = RLock()


class _Late:
    """Stands in a model for one of its attributes, and has it made when somebody asks."""

    def __init__(self, attribute: str, model: type[Any], collect: Callable[[], None]) -> None:
        self._attribute = attribute
        self._model = model
        self._collect = collect

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        with _collecting:
            if self._model.__dict__[self._attribute] is self:
                self._collect()
        return self._model.__dict__[self._attribute]

    def __contains__(self, field: str) -> bool:
        # pydantic asks before it collects a field.
        return False


@contextmanager
def fields_collected_late(module: str) -> Iterator[None]:
    """Do so with the models that `module` defines within this block, in which it is imported."""
    if not pydantic.VERSION.startswith(VERSIONS):
        yield
        return
    from pydantic._internal import _model_construction as construction

    collect_now = construction.set_model_fields

    def collect_late(cls: type[Any], *args: Any, **kwargs: Any) -> None:
        # A private attribute must be known as soon as the class is there.
        if cls.__module__ != module or any(name.startswith("_") for name in cls.__annotations__):
            collect_now(cls, *args, **kwargs)
            return
        collect = partial(collect_now, cls, *args, **kwargs)
        for attribute in ATTRIBUTES:
            setattr(cls, attribute, _Late(attribute, cls, collect))

    construction.set_model_fields = collect_late
    try:
        yield
    finally:
        construction.set_model_fields = collect_now
