"""YAML as people write it: the core schema of YAML 1.2, and what is wrong with line and column.

`off`, `no` and `1:30` are text there, `012` is twelve. A key may stand in a map only once. Read by
the parser in C where there is one: 3 ms for a config instead of 30.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1 << 20
"""A config of a hundred actors has a fiftieth of that; a file of zeros has no end."""
MOST_NODES = 100_000
"""With aliases followed: nine lines can stand for a billion values. A hundred actors have 5,000."""
DEEPEST = 100
"""Levels; the parser calls itself for each, and the deepest config here has eight."""

HALVES = re.compile("[\ud800-\udfff]")
"""Bytes of the command line that are no UTF-8 come as halves of surrogate pairs."""
_OPENING = re.compile(r"[\[{]|[-:?]\s")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    # Tag: what it looks like, and with which characters it begins (YAML 1.2.2, 10.3.2).
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    "null": (re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    "int": (_INT, "-+0123456789"),
    "float": (_FLOAT, "-+.0123456789"),
    # Not of 1.2, but in use: `<<: *other` takes over the keys of another map.
    "merge": (re.compile(r"<<"), "<"),
}
_STARTS = (
    # What the first bytes say (YAML 1.2.2, 5.2).
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
)


class YamlError(ValueError):
    """It is no YAML, or none that can be used: one line, with line and column where known."""


def read_yaml(path: Path) -> Any:
    """Return what a file holds, which may be a pipe.

    Raises:
        OSError: it cannot be read.
        YamlError: it is no YAML.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise YamlError(f"larger than {MOST_BYTES >> 10} KiB")
    return parse_yaml(decoded(content))


def parse_yaml(text: str) -> Any:
    """Return what `text` holds.

    Raises:
        YamlError: it is no YAML.
    """
    if HALVES.search(text):
        raise YamlError("no UTF-8 text")
    try:
        _check_depth(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_nodes(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise YamlError(_one_line(error)) from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    yaml_constructors = dict(yaml.SafeLoader.yaml_constructors)

    def construct_yaml_int(self, node: Any) -> int:
        """Return a number, which is never octal because it begins with 0."""
        text = str(self.construct_scalar(node))
        try:
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        except ValueError as error:
            raise _problem(str(error), node) from error

    def construct_yaml_float(self, node: Any) -> float:
        """Return a number with a fraction, never one to the base 60."""
        return float(re.sub(r"\.(?=[iInN])", "", str(self.construct_scalar(node))))


for _name, (_looks, _first) in _SCALARS.items():
    # To the end: the resolver itself only matches at the beginning.
    _whole = re.compile(rf"(?:{_looks.pattern})\Z")
    _Loader.add_implicit_resolver(_TAG + _name, _whole, list(_first))
_Loader.add_constructor(_TAG + "int", _Loader.construct_yaml_int)
_Loader.add_constructor(_TAG + "float", _Loader.construct_yaml_float)


def decoded(content: bytes) -> str:
    """Return text of any Unicode encoding, without a byte-order mark.

    Raises:
        YamlError: it is of none.
    """
    encoding = next((name for start, name in _STARTS if content.startswith(start)), "utf-8")
    if encoding == "utf-8" and b"\0" in content[:2]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError(f"line {line}: no {encoding.upper()} text: save it as UTF-8") from error


def _check_depth(text: str) -> None:
    """Refuse what is nested so deep that the parser would end the process."""
    if sum(1 for _ in _OPENING.finditer(text)) < DEEPEST:
        return
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _problem(f"more than {DEEPEST} levels deep", event)


def _check_nodes(root: Any) -> None:
    """Refuse keys that stand twice in a map, and aliases without an end."""
    sizes: dict[int, int] = {}

    def size_of(node: Any) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in sizes:
            if not sizes[id(node)]:
                raise _problem("an alias of itself", node)
            return sizes[id(node)]
        sizes[id(node)] = 0
        below = node.value
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
            below = [each for pair in node.value for each in pair]
        size = 1 + sum(map(size_of, below))
        if size > MOST_NODES:
            raise _problem(f"more than {MOST_NODES} values", node)
        sizes[id(node)] = size
        return size

    size_of(root)


def _check_keys(node: Any) -> None:
    seen: dict[tuple[str, str], Any] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _problem("a list or map as a key: is a quote or a space missing?", key)
        name = (key.tag, key.value)
        if name in seen and key.tag != _TAG + "merge":
            first = seen[name].start_mark.line + 1
            raise _problem(
                f"the key {key.value!r} is there already, in line {first}: remove one", key
            )
        seen[name] = key


def _problem(problem: str, there: Any) -> yaml.MarkedYAMLError:
    """Return an error at a node or an event."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=there.start_mark)


_HINTS = (
    ("mapping values are not allowed", "a text with ': ' in it needs quotes"),
    ("block sequence entries are not allowed", "a text with '- ' in it needs quotes"),
    ("cannot start any token", "indent with spaces; a text that begins so needs quotes"),
    ("did not find expected key", "is the indentation right, and every quote closed?"),
    ("control characters are not allowed", "is it a text file?"),
)


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    said = re.sub(r"\s+", " ", f"{where}{problem}")
    hint = next((text for sign, text in _HINTS if sign in said), "")
    return f"{said} ({hint})" if hint else said
