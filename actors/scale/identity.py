"""What code a node runs: results of different versions must not stand side by side."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from pathlib import Path
from typing import NamedTuple

import actors
import pipeline
from pipeline.version import VERSION

PACKAGES = (actors, pipeline)
AUTH_MODE = "RAY_AUTH_MODE"
"""Environment of a node that says whether it asks for a token: `token`."""


class NodeIdentity(NamedTuple):
    """What runs on a node.

    Attributes:
        host: Its name.
        greenroom: Version; empty where it is not installed.
        sources: Digest of its source files: while it is developed, a version has many.
        python: Version of the interpreter.
        root: Folder that the packages lie in.
        auth: Who may send it work, as Ray has it in `RAY_AUTH_MODE`.
    """

    host: str
    greenroom: str
    sources: str
    python: str
    root: str
    auth: str


def own_identity() -> NodeIdentity:
    """Return that of this process."""
    return NodeIdentity(
        host=socket.gethostname(),
        greenroom=VERSION,
        sources=sources_digest([Path(str(each.__file__)).parent for each in PACKAGES]),
        python=platform.python_version(),
        root=package_root(),
        auth=os.environ.get(AUTH_MODE, ""),
    )


def package_root() -> str:
    """Return the folder that the packages lie in, on this machine."""
    return str(Path(str(actors.__file__)).parents[1])


def sources_digest(folders: list[Path]) -> str:
    """Return a digest of all Python files below the folders, the same wherever they lie."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def misfit(node: NodeIdentity, own: NodeIdentity) -> str:
    """Return why a node cannot be used, and what to do; empty if it can."""
    if not node.greenroom:
        return f"node {node.host} has no greenroom: install {own.greenroom} there"
    if node.greenroom != own.greenroom:
        return (
            f"node {node.host} has greenroom {node.greenroom}, and this machine {own.greenroom}: "
            "install the same on all"
        )
    if node.python != own.python:
        return (
            f"node {node.host} has Python {node.python}, and this machine {own.python}: "
            "use the same on all"
        )
    if node.sources != own.sources:
        return (
            f"node {node.host} has greenroom {node.greenroom} of other source files ({node.root}, "
            f"here {own.root}): install the same on all"
        )
    if own.auth == "token" and node.auth != "token":
        return (
            f"node {node.host} takes work from anybody who reaches it: start it with "
            f"{AUTH_MODE}=token, or set {AUTH_MODE}=disabled here if that is wanted"
        )
    return ""


def moved(tree: object, root: str, to: str) -> object:
    """Return a tree of options in which paths of the packages lie below another folder."""
    if isinstance(tree, dict):
        return {key: moved(each, root, to) for key, each in tree.items()}
    if isinstance(tree, list):
        return [moved(each, root, to) for each in tree]
    if isinstance(tree, str) and (tree == root or tree.startswith(f"{root}/")):
        return to + tree[len(root) :]
    return tree
