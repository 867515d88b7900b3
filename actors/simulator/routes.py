"""Which methods of the service are simulated."""

from actors.backends.gemini.wire.routes import HttpRoute

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


def is_simulated(route: HttpRoute) -> bool:
    """Whether a request is answered."""
    return route.exists and route.method in METHODS
