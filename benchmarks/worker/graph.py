"""The graphs of one file: ops by name, and what the XNNPACK delegate made of them."""

from collections import Counter
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter

from benchmarks.tflite import read_signatures, with_first_subgraph
from benchmarks.worker import job as jobs

_DELEGATE = "DELEGATE"


def _delegation(path: Path) -> tuple[int, dict[str, int]]:
    """How many partitions the first subgraph has, and the ops that are in none, by name.

    A delegate's node is appended to the ops that it replaces; they are what lies between its
    inputs and its outputs.
    """
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    nodes: list[Any] = interpreter._get_ops_details()
    ops = [node for node in nodes if node["op_name"] != _DELEGATE]
    delegates = [node for node in nodes if node["op_name"] == _DELEGATE]
    producers = {int(tensor): index for index, op in enumerate(ops) for tensor in op["outputs"]}
    taken: set[int] = set()
    for delegate in delegates:
        boundary = {int(tensor) for tensor in delegate["inputs"]}
        pending = [int(tensor) for tensor in delegate["outputs"]]
        while pending:
            tensor = pending.pop()
            index = producers.get(tensor)
            if tensor in boundary or index is None or index in taken:
                continue
            taken.add(index)
            pending.extend(int(tensor) for tensor in ops[index]["inputs"])
    outside = Counter(op["op_name"] for index, op in enumerate(ops) if index not in taken)
    return len(delegates), dict(outside)


def _graph(job: jobs.Job) -> jobs.Result:
    path = Path(job["path"])
    signatures: jobs.Result = {}
    for signature in read_signatures(path):
        with with_first_subgraph(path, signature.subgraph) as first:
            partitions, outside = _delegation(first)
        signatures[signature.name] = {
            "ops": sum(signature.ops.values()),
            "expanded": signature.expanded,
            "histogram": dict(sorted(signature.ops.items(), key=lambda item: -item[1])),
            "partitions": partitions,
            "outside": outside,
        }
    return {"size": path.stat().st_size, "signatures": signatures}


if __name__ == "__main__":
    jobs.run(_graph)
