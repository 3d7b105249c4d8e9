"""`python -m benchmarks.encoder`: what schemes of 8 bits and less leave of the meaning of sentences.

A pretrained sentence encoder embeds pairs of sentences from docstrings of Python's standard library: the first
paragraph of each, and the second. Beside the cosine to the embeddings of float32, it is told whether neighbours stay
neighbours. Calibration sees tokens drawn by chance, and no sentence.
"""

import importlib
import inspect
import json
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console

import litewright
from benchmarks.quality import latencies, write_table
from litewright.compiler.runtime import Runner
from litewright.quantize import QuantSpec, Recipe, equalised_int8, int4_block, mixed, recipe_of
from tests.models.encoder import SentenceEncoder, sentence_encoder, tokenize

Array = np.ndarray[Any, np.dtype[Any]]

MODULES = (
    "argparse ast asyncio bisect calendar codecs collections concurrent.futures configparser contextlib copy csv "
    "datetime decimal difflib email.message enum fractions functools gettext glob gzip heapq http.client inspect "
    "ipaddress json locale logging mailbox mimetypes numbers operator pathlib pickle pprint random re sched "
    "selectors shelve shlex shutil smtplib socket sqlite3 ssl statistics string subprocess tarfile tempfile "
    "textwrap threading timeit tokenize traceback types typing unittest urllib.parse urllib.request uuid warnings "
    "weakref zipfile"
)
PAIRS, LENGTH, BATCH, NEAREST = 240, 48, 8, 10
SIGNATURE = "serving_default"
HEAD = ("scheme", "MB", "cosine", "least cosine", "rank correlation", "recall of 10", "ms", "s")


@dataclass(frozen=True, slots=True)
class Row:
    """One scheme.

    Attributes:
        scheme: what is stored.
        megabytes: of the file, of 10^6 bytes.
        cosine: to the embeddings of float32, on average.
        least: the smallest of these.
        spearman: rank correlation of the similarities of each sentence to all others, on average.
        recall: part of the nearest sentences that are still among the nearest.
        milliseconds: of a batch, on one thread.
        seconds: to convert and write.
    """

    scheme: str
    megabytes: float
    cosine: float
    least: float
    spearman: float
    recall: float
    milliseconds: float
    seconds: float


def cases() -> dict[str, Recipe | None]:
    """Recipes by what they store."""
    unpacked = QuantSpec("int8", compute="float")
    return {
        "float32": None,
        "float16": recipe_of("fp16"),
        "int8, unpacked": recipe_of("weight_only_int8"),
        "int8": recipe_of("dynamic_int8"),
        "int8, equalised": equalised_int8(),
        "int8, values unpacked": mixed(
            {r"attention\.self\.value": unpacked}, recipe_of("dynamic_int8")
        ),
        "int4 block 32, int8 table": int4_block(32),
        "int4 block 32, int8 table, output_mse": int4_block(32, "output_mse"),
        "int4 block 32, int8 table, gptq": int4_block(32, "gptq"),
    }


def pairs() -> list[tuple[str, str]]:
    """First and second paragraphs of docstrings, in the order of names."""
    found: dict[str, tuple[str, str]] = {}
    for name in MODULES.split():
        module = importlib.import_module(name)
        for key, value in sorted(vars(module).items()):
            own = getattr(value, "__module__", None) == module.__name__
            text = inspect.getdoc(value) if own and not key.startswith("_") else None
            paragraphs = [re.sub(r"\s+", " ", each).strip() for each in (text or "").split("\n\n")]
            usable = [each for each in paragraphs if len(each.split()) > 4 and each[0].isalpha()]
            if len(usable) > 1:
                found[usable[0]] = (usable[0], usable[1])
    step = len(found) / PAIRS
    every = list(found.values())
    return [every[int(number * step)] for number in range(PAIRS)]


def batches(sentences: list[str]) -> list[dict[str, torch.Tensor]]:
    """Sentences as inputs of the encoder."""
    parts = (sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH))
    return [tokenize(part, LENGTH) for part in parts]


def by_chance(count: int) -> Iterator[dict[str, Array]]:
    """Inputs with tokens drawn by chance."""
    random = np.random.default_rng(0)
    for _ in range(count):
        tokens = random.integers(1000, 30000, (BATCH, LENGTH), dtype=np.int32)
        yield {"input_ids": tokens, "attention_mask": np.ones((BATCH, LENGTH), np.int32)}


def convert(encoder: SentenceEncoder, path: Path, own: Recipe | None) -> float:
    """Writes the encoder; returns the seconds that it took."""
    start = time.perf_counter()
    options: dict[str, Any] = {}
    if own is not None:
        options["quant_config"] = own
        algorithms = {rule.spec.algorithm for rule in own.rules if rule.spec is not None}
        if any(rule.equalise for rule in own.rules) or algorithms & litewright.quantize.CALIBRATED:
            options["calibration_data"] = by_chance(8)
    inputs = batches(["a"] * BATCH)[0]
    litewright.convert(encoder, (), inputs, **options).export(path)
    return time.perf_counter() - start


def embed(path: Path, inputs: list[dict[str, torch.Tensor]]) -> Array:
    """Embeddings of all sentences, [sentences, width]."""
    runner = Runner(path, threads=2)
    runs = (runner.run({name: x.numpy() for name, x in each.items()}) for each in inputs)
    return np.concatenate([next(iter(run.values())) for run in runs])


def quality(exact: Array, found: Array) -> tuple[float, float, float, float]:
    """Cosine on average and at least, rank correlation, recall of the nearest."""
    norms = np.linalg.norm(exact, axis=-1) * np.linalg.norm(found, axis=-1)
    cosines = (exact * found).sum(-1) / norms
    before, after = _ranks(exact), _ranks(found)
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(before, after, strict=True)]
    near = before.shape[1] - NEAREST
    recall = ((before >= near) & (after >= near)).sum(-1).mean() / NEAREST
    return float(cosines.mean()), float(cosines.min()), float(np.mean(correlations)), float(recall)


def _ranks(embeddings: Array) -> Array:
    """Of all other sentences by similarity, for each sentence; the nearest has the highest."""
    similar = embeddings @ embeddings.T
    others = similar[~np.eye(len(similar), dtype=bool)].reshape(len(similar), -1)
    return others.argsort(-1).argsort(-1)


def measure(schemes: list[str]) -> list[Row]:
    """Converts the encoder by each recipe, scores what comes out, and takes times by turns."""
    encoder, table = sentence_encoder(), cases()
    inputs = batches([sentence for pair in pairs() for sentence in pair])
    rows: list[Row] = []
    paths: list[Path] = []
    with torch.no_grad():
        exact = np.concatenate([encoder(**each).numpy() for each in inputs])
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        for scheme in schemes:
            paths.append(Path(folder, f"{len(paths)}.tflite"))
            seconds = convert(encoder, paths[-1], table[scheme])
            found = quality(exact, embed(paths[-1], inputs))
            rows.append(Row(scheme, paths[-1].stat().st_size / 1e6, *found, 0.0, seconds))
            Console().print(" ".join(cells(rows[-1])[:6]), highlight=False)
        sample = {name: x.numpy() for name, x in inputs[0].items()}
        times = latencies(paths, sample, SIGNATURE)
    return [replace(row, milliseconds=took) for row, took in zip(rows, times, strict=True)]


def cells(row: Row) -> list[str]:
    """A row as text."""
    numbers = (row.cosine, row.least, row.spearman, row.recall)
    quality = [f"{number:.4f}" for number in numbers]
    times = [f"{row.milliseconds:.1f}", f"{row.seconds:.1f}"]
    return [row.scheme, f"{row.megabytes:.1f}", *quality, *times]


@click.command(help=__doc__)
@click.argument("schemes", nargs=-1, metavar="[SCHEME ...]")
@click.option("--page/--no-page", default=False, help="Write the table into docs/quantisation.md.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the rows as JSON too.")
def main(schemes: tuple[str, ...], page: bool, path: Path | None) -> None:  # noqa: FBT001
    known = cases()
    for scheme in schemes:
        if scheme not in known:
            raise click.UsageError(f"no scheme {scheme!r}; there is {', '.join(known)}")
    rows = measure(list(schemes) or list(known))
    if path is not None:
        path.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    if page:
        write_table("benchmarks/encoder.py", HEAD, list(map(cells, rows)), texts=1)


if __name__ == "__main__":
    main()
