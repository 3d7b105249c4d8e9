"""Names of locations in printed programs: `model/layers.0/mlp` in text, `model.layers.0.mlp` in the IR.

Viewers draw '/' as a tree, in text as in the names of a file's tensors. The IR keeps torch's dots, of
which MLIR makes names of values that can be read.
"""

from __future__ import annotations

import re

from ..ir.origin import Origin

# The name of a location; `"file.py":12:0` is none.
_NAME = re.compile(r'(\bloc\(")([^"\\]+)("(?=[()]))')


def with_tree_names(text: str) -> str:
    """A printed module, its locations named `model/layers.0/mlp/linear`."""
    return _NAME.sub(lambda found: found[1] + _as_tree(found[2]) + found[3], text)


def with_dotted_names(text: str) -> str:
    """The inverse of `with_tree_names`; a text whose locations have dotted names is left as it is."""
    return _NAME.sub(lambda found: found[1] + found[2].replace("/", ".") + found[3], text)


def _as_tree(name: str) -> str:
    # The names of weights are expressions: `transpose(conv.weight, [1, 0])`.
    if "(" in name or "/" in name:
        return name
    path, _, label = name.rpartition(".")
    return Origin(path, label).tensor_name
