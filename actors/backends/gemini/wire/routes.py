"""Which method of the service a request over HTTP means."""

import re
from dataclasses import dataclass

from actors.backends.gemini.wire.schema import VERSIONS

STREAMED = "streamGenerateContent"
# Collections of the service, as its API reference lists them, beside models and tokens.
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
    rf"/+(?P<upload>upload/)?(?P<version>{'|'.join(VERSIONS)})/(?P<collection>[A-Za-z_]+)"
    r"(?:/(?P<id>[^:]+))?(?::(?P<method>[A-Za-z]+))?"
)


@dataclass(frozen=True)
class HttpRoute:
    """A method as SDKs name it; `name` is the model, or the rest of the path.

    Of what the service does not have either, `exists` is false.
    """

    method: str
    version: str = ""
    name: str = ""
    exists: bool = True


def find_route(verb: str, path: str) -> HttpRoute:
    """The route of a request; HEAD goes where GET goes."""
    verb = "GET" if verb == "HEAD" else verb
    found = _PATH.fullmatch(path)
    if found is None:
        return HttpRoute(f"{verb} {path}", exists=False)
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
        return HttpRoute("authTokens.create", version)
    if collection == "openai" and name:
        return HttpRoute(f"openai.{name.replace('/', '.')}", version, name)
    if collection in OTHER_COLLECTIONS:
        method = f"{collection}.{custom or VERBS.get((verb, bool(name)), verb.lower())}"
        return HttpRoute(method, version, name)
    return HttpRoute(f"{verb} {path}", version, exists=False)


def _model_route(verb: str, version: str, name: str, custom: str | None, path: str) -> HttpRoute:
    if verb == "GET" and custom is None and "/" not in name:
        return HttpRoute("models.get" if name else "models.list", version, name)
    if verb != "POST" or custom is None or not name:
        return HttpRoute(f"{verb} {path}", version, exists=False)
    return HttpRoute(custom, version, name)
