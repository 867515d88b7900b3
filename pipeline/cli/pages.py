"""Keep the pages of the docs true: `python -m pipeline.cli.pages docs` fills in what they quote.

Between `<!-- begin NAME -->` and `<!-- end -->` stands a file of the docs folder, or the reference
named `wire` or `config`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pipeline.cli.reference import config_reference, wire_reference
from pipeline.errors import GreenroomError

_SECTION = re.compile(r"(<!-- begin (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_MARK = re.compile(r"^<!-- (begin|end)\b", re.MULTILINE)
_FENCES = {".py": "python", ".yaml": "yaml", ".cfg": "haproxy"}


def refreshed(page: Path) -> str:
    """Return the text of a page with its sections made anew.

    Raises:
        GreenroomError: a section has no end, or no beginning.
    """

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}{_section(match[2], page.parent)}{match[3]}"

    text = page.read_text(encoding="utf-8")
    if [*_MARK.findall(text)] != ["begin", "end"] * len(_SECTION.findall(text)):
        raise GreenroomError(f"{page}: write one <!-- end --> after each <!-- begin NAME -->")
    return _SECTION.sub(fill, text)


def _section(name: str, folder: Path) -> str:
    if name == "wire":
        return wire_reference()
    if name == "config":
        return config_reference()
    file = folder / name
    return f"```{_FENCES[file.suffix]}\n{file.read_text(encoding='utf-8')}```\n"


def main() -> None:
    """Rewrite the pages of the folder named on the command line."""
    for page in sorted(Path(sys.argv[1]).glob("*.md")):
        page.write_text(refreshed(page), encoding="utf-8")


if __name__ == "__main__":
    main()
