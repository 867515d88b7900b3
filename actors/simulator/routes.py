"""Which method of the service a request over HTTP means, and whether it is simulated."""

import re
from dataclasses import dataclass
from enum import Enum

VERSIONS = "v1|v1beta|v1alpha"
JOURNAL_PATH = "/simulator/journal"
# Methods of models that are simulated; a request of another one is answered with 501.
MODEL_METHODS = (
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
)
FILE_METHODS = ("files.upload", "files.get", "files.list", "files.delete")
METHODS = ("models.list", "models.get", *MODEL_METHODS, *FILE_METHODS, "authTokens.create")
# Collections of the service, as its API reference lists them, that are not simulated but for files.
OTHER_COLLECTIONS = frozenset(
    {
        "agents",
        "batches",
        "cachedContents",
        "corpora",
        "dynamic",
        "fileSearchStores",
        "files",
        "generatedFiles",
        "interactions",
        "openai",
        "operations",
        "tunedModels",
    }
)
# The method that a bare verb on a collection means, by verb and by whether an id follows.
VERBS = {
    ("GET", False): "list",
    ("GET", True): "get",
    ("POST", False): "create",
    ("POST", True): "create",
    ("PATCH", True): "patch",
    ("DELETE", True): "delete",
}

_PATH = re.compile(
    rf"/+(?P<upload>upload/)?(?P<version>{VERSIONS})/(?P<collection>[A-Za-z_]+)"
    r"(?:/(?P<id>[^:]+))?(?::(?P<method>[A-Za-z]+))?"
)


class RouteKind(Enum):
    """What the simulator does with a request."""

    SIMULATED = "answered"
    MISSING = "a method of the service that the simulator does not have"
    UNKNOWN = "nothing that the service has either"


@dataclass(frozen=True)
class HttpRoute:
    """A method as SDKs and scenarios name it; `name` is the model, or the rest of the path."""

    kind: RouteKind
    method: str
    version: str = ""
    name: str = ""


def find_route(verb: str, path: str) -> HttpRoute:
    """The route of a request; HEAD goes where GET goes."""
    verb = "GET" if verb == "HEAD" else verb
    found = _PATH.fullmatch(path)
    if found is None:
        return HttpRoute(RouteKind.UNKNOWN, f"{verb} {path}")
    collection, name, custom = found["collection"], found["id"] or "", found["method"]
    version = found["version"]
    if found["upload"]:
        custom = "upload"
    if collection == "models":
        return _model_route(verb, version, name, custom, path)
    if (
        collection == "auth_tokens"
        and version == "v1alpha"
        and verb == "POST"
        and not (name or custom)
    ):
        return HttpRoute(RouteKind.SIMULATED, "authTokens.create", version)
    if collection in OTHER_COLLECTIONS:
        method = f"{collection}.{custom or VERBS.get((verb, bool(name)), verb.lower())}"
        kind = RouteKind.SIMULATED if method in FILE_METHODS else RouteKind.MISSING
        return HttpRoute(kind, method, version, name)
    return HttpRoute(RouteKind.UNKNOWN, f"{verb} {path}", version)


def _model_route(verb: str, version: str, name: str, custom: str | None, path: str) -> HttpRoute:
    if verb == "GET" and custom is None and "/" not in name:
        method = "models.get" if name else "models.list"
        return HttpRoute(RouteKind.SIMULATED, method, version, name)
    if verb != "POST" or custom is None or not name:
        return HttpRoute(RouteKind.UNKNOWN, f"{verb} {path}", version)
    kind = RouteKind.SIMULATED if custom in MODEL_METHODS else RouteKind.MISSING
    return HttpRoute(kind, custom, version, name)
