"""Results in a JSON file: read where they are of this version, written whole."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def read_results(path: Path, version: int) -> dict[str, Any] | None:
    """What `write_results` wrote; None if there is no such file, or it is of another version."""
    if not path.exists():
        return None
    data = json.loads(path.read_text())
    return data if data.pop("version", None) == version else None


def write_results(path: Path, version: int, results: "DataclassInstance") -> None:
    """Write the file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": version, **dataclasses.asdict(results)}, indent=1)
    path.write_text(text + "\n")
