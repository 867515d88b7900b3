"""Fonts for what matplotlib's own has no letters for: those that are on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from actors.lib.languages.tags import scripts_in

OWN = "DejaVu Sans"
"""Matplotlib brings it: Latin, Greek, Cyrillic, Arabic and Hebrew are in it."""
FILES: dict[str, tuple[str, ...]] = {
    "ja": ("notosanscjk-regular", "notosansjp", "ipaexg", "ipag", "takaogothic", "msgothic"),
    "zh": ("notosanscjk-regular", "notosanssc", "wqy-microhei", "wqy-zenhei", "msyh", "simsun"),
    "ko": ("notosanscjk-regular", "notosanskr", "nanumgothic", "malgun"),
    "hi": ("notosansdevanagari", "lohit-devanagari", "nirmala", "mangal", "gargi"),
    "th": ("notosansthai", "loma", "garuda", "tahoma", "leelawui"),
}
"""By script, how the files of usual fonts begin, the better first."""


def families_for(texts: Iterable[str]) -> list[str]:
    """Return the families to draw texts with; where a script has no font here, boxes stand for it.

    Looking for fonts takes some 100 ms, and is done only where a text needs one.
    """
    wanted = {script for text in texts for script in scripts_in(text)} & set(FILES)
    if not wanted:
        return [OWN]
    from matplotlib import font_manager

    here = sorted(font_manager.findSystemFonts())
    families = [OWN]
    for script in sorted(wanted):
        path = _best(here, FILES[script])
        if path is not None:
            font_manager.fontManager.addfont(path)
            families.append(font_manager.FontProperties(fname=path).get_name())
    return families


def _best(paths: Iterable[str], names: tuple[str, ...]) -> str | None:
    by_name = {Path(path).stem.casefold(): path for path in paths}
    for wanted in names:
        found = [path for name, path in by_name.items() if name.startswith(wanted)]
        plain = [path for path in found if Path(path).stem.casefold().endswith("regular")]
        if found:
            return (plain or found)[0]
    return None
