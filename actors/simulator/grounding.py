"""What a search of the web brings, and how an answer tells where it comes from."""

import html
import re
from typing import Any
from urllib.parse import quote_plus

# Questions that a person would look up; commands and what the model knows itself come before.
LOOKED_UP = re.compile(
    r"^\W*(who|what|when|where|which|why|how)\b|\b(search|look up|google|news|weather|latest)\b"
)
# Documented: sources are behind a redirect of Google's, and named by their host.
REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/simulated-"
SOURCE = "example.com"


def is_looked_up(heard: str) -> bool:
    """Whether a model that may search does so."""
    return LOOKED_UP.search(heard.casefold()) is not None


def may_search(tools: list[dict[str, Any]]) -> bool:
    """Whether `tools`, which have been read, let the model search the web."""
    return any("googleSearch" in tool or "googleSearchRetrieval" in tool for tool in tools)


def found(query: str) -> str:
    """What a search brings: the simulator is on no network."""
    return f"I looked that up: {query}"


def metadata(query: str, said: str) -> dict[str, Any]:
    """The `groundingMetadata` of an answer `said` after a search for `query`."""
    address = f"https://www.google.com/search?q={quote_plus(query)}"
    chip = f'<a class="chip" href="{address}">{html.escape(query)}</a>'
    page = f"<style>.chip {{ display: inline-block }}</style>\n<div>{chip}</div>"
    return {
        "searchEntryPoint": {"renderedContent": page},
        "groundingChunks": [{"web": {"uri": f"{REDIRECT}{quote_plus(query)}", "title": SOURCE}}],
        "groundingSupports": [
            {
                # Documented: counted in bytes.
                "segment": {"endIndex": len(said.encode()), "text": said},
                "groundingChunkIndices": [0],
            }
        ],
        "webSearchQueries": [query],
    }
