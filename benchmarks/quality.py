"""What benchmarks of quality share: latencies that can be compared, and tables in docs/quantisation.md."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.children import ROOT
from litewright.compiler.runtime import Runner

Array = np.ndarray[Any, np.dtype[Any]]

PAGE = ROOT / "docs" / "quantisation.md"
END = "<!-- end of table -->"
ROUNDS, RUNS = 3, 4


def latencies(paths: Sequence[Path], inputs: Mapping[str, Array], signature: str) -> list[float]:
    """Milliseconds of a run on one thread, for each file.

    The files are loaded and run by turns, several times over, and the fastest run of each counts, so that
    what else the machine does meets all of them alike.
    """
    best = [float("inf")] * len(paths)
    for _ in range(ROUNDS):
        for number, path in enumerate(paths):
            runner = Runner(path, threads=1)
            runner.run(inputs, signature)
            for _ in range(RUNS):
                start = time.perf_counter()
                runner.run(inputs, signature)
                best[number] = min(best[number], 1e3 * (time.perf_counter() - start))
    return best


def as_table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> str:
    """A table in Markdown; all columns but the first `texts` hold numbers."""
    rule = ["---" if number < texts else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rows))


def write_table(maker: str, head: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> None:
    """Puts a table into the page, between its marks."""
    begin = f"<!-- table: {maker} -->"
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(begin)
    _, after = rest.split(END, 1)
    table = as_table(head, rows, texts)
    PAGE.write_text(f"{before}{begin}\n\n{table}\n\n{END}{after}", encoding="utf-8")
