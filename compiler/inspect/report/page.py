"""The page: what was found, as JSON inside of HTML, with the script and the style that show it.

A page needs no network and no other file.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

_FOLDER = Path(__file__).parent / "page"
_SCRIPTS = (
    "model.js", "elements.js", "tree.js", "overview.js", "stages.js", "passes.js", "tables.js",
    "main.js",
)  # fmt: skip
_DIGITS = 4
# As the script's `Number` reads them.
_SPELT = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def render(title: str, content: Mapping[str, Any]) -> str:
    """The page as text. The same content gives the same text.

    Args:
        title: what the model is called.
        content: what JSON can hold; floats are rounded to 4 digits, infinities become strings.
    """
    scripts = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": (_FOLDER / "style.css").read_text(encoding="utf-8"),
        "SCRIPT": scripts,
        "CONTENT": _embedded({"title": title, **content}),
    }
    page = (_FOLDER / "page.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    return page


def _embedded(content: Mapping[str, Any]) -> str:
    """JSON that no HTML parser takes for the end of a script."""
    text = json.dumps(_plain(content), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = cast("Mapping[object, Any]", value)
        return {str(key): _plain(item) for key, item in items.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else _SPELT[str(value)]
    return value
