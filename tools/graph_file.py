"""Which file a command looks into: a .tflite, or the model of a bundle."""

from __future__ import annotations

from pathlib import Path

import click


def graph_of(file: Path) -> Path:
    """The file itself, or the model of a bundle as a file that is there until the command ends.

    Raises:
        FormatError: a bundle that is damaged, or has no model.
    """
    from litewright.generative.bundle.reading import graph_in, is_bundle

    return click.get_current_context().with_resource(graph_in(file)) if is_bundle(file) else file
