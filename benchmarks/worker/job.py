"""How a worker talks to its parent: a job in one JSON file, a result in another."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.cases import CASES, Case

Job: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]


def case_of(job: Job) -> Case:
    """The case that a job names, with the size it asks for."""
    case = next(case for case in CASES if case.name == job["case"])
    size = job.get("size", case.size)
    return Case(case.name, case.title, case.model, size)


def run(work: Callable[[Job], Result]) -> None:
    """Read the job named by the first argument, do it, write what came out to the second."""
    job_path, result_path = map(Path, sys.argv[1:3])
    result = work(json.loads(job_path.read_text()))
    result_path.write_text(json.dumps(result))
