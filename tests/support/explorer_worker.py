"""Runs where Model Explorer is installed: opens files with its own adapters.

    python explorer_worker.py FILE... OUTPUT.json

The output holds, by path of the file and name of the graph, the label and namespace of every node.
"""

import json
import sys
from pathlib import Path

from model_explorer.builtin_mlir_adapter import BuiltinMlirAdapter
from model_explorer.builtin_tflite_flatbuffer_adapter import BuiltinTfliteFlatbufferAdapter

ADAPTERS = {".mlir": BuiltinMlirAdapter, ".tflite": BuiltinTfliteFlatbufferAdapter}


def _graphs(path: str) -> dict[str, list[tuple[str, str]]]:
    collections = ADAPTERS[Path(path).suffix]().convert(path, {})["graphCollections"]
    return {
        graph["id"]: [(node["label"], node.get("namespace", "")) for node in graph["nodes"]]
        for collection in collections
        for graph in collection.graphs
    }


if __name__ == "__main__":
    *files, output = sys.argv[1:]
    Path(output).write_text(json.dumps({path: _graphs(path) for path in files}))
