"""`python -m benchmarks.quantisation [SCHEME ...]`: size, quality and time of each scheme and algorithm.

Perplexity is that of the small trained language model of the tests, over windows of 256 held-out tokens,
each scored alone on LiteRT; algorithms that want data see windows that are not scored.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from torch import Tensor

import litewright
from benchmarks.children import ROOT
from benchmarks.quality import latencies, write_table
from litewright.compiler.runtime import Runner
from litewright.generative.huggingface.hooks import hooked
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.steps import Step, sample_inputs, with_empty_caches
from litewright.generative.masking import MASKED
from litewright.quantize import (
    CALIBRATED,
    QuantSpec,
    Recipe,
    Rule,
    int4_block,
    int4_channel,
    int4_compact,
    recipe,
    recipe_of,
)

Array = np.ndarray[Any, np.dtype[Any]]

MODEL = ROOT / "tests" / "data" / "docs-llama"
HEAD = ("scheme", "algorithm", "MB", "perplexity", "to float32", "divergence", "ms", "s")
WINDOW, SCORED, CALIBRATION = 256, 16, 48
COMMON = 1024
"""Tokens, a quarter of the vocabulary."""
SIGNATURE = f"prefill_{WINDOW}"


@dataclass(frozen=True, slots=True)
class Row:
    """One scheme with one algorithm.

    Attributes:
        scheme: what is stored.
        algorithm: how it was found.
        megabytes: of the file, of 10^6 bytes.
        perplexity: over the scored windows.
        worse: percent above float32.
        divergence: mean Kullback-Leibler divergence from float32, in thousandths of a nat per token.
        milliseconds: of a window, on one thread.
        seconds: to convert and write.
    """

    scheme: str
    algorithm: str
    megabytes: float
    perplexity: float
    worse: float
    divergence: float
    milliseconds: float
    seconds: float


def cases() -> dict[str, tuple[str, str, Recipe | None]]:
    """By key: scheme, algorithm, recipe."""
    table: dict[str, tuple[str, str, Recipe | None]] = {
        "float32": ("float32", "", None),
        "fp16": ("float16", "", recipe_of("fp16")),
        "dynamic_int8": ("int8 channel", "min_max", recipe_of("dynamic_int8")),
        "dynamic_int8-mse": ("int8 channel", "mse", recipe(QuantSpec("int8", algorithm="mse"))),
        "dynamic_int8-gptq": ("int8 channel", "gptq", recipe(QuantSpec("int8", algorithm="gptq"))),
        "equalised_int8": ("int8 channel, equalised", "min_max", equalised_recipe()),
        "weight_only_int8": ("int8 channel, unpacked", "min_max", recipe_of("weight_only_int8")),
    }
    for algorithm in ("min_max", "octav", "mse", "output_mse", "gptq"):
        for size in (0, 32, 64, 128, 256):
            grain = f"block {size}" if size else "channel"
            key = f"int4_{'block' if size else 'channel'}{size or ''}"
            projections = int4_block(size, algorithm) if size else int4_channel(algorithm)
            table[f"{key}-{algorithm}"] = f"int4 {grain}, int8 table", algorithm, projections
            spec = QuantSpec("int4", "block" if size else "channel", size, algorithm=algorithm)
            table[f"all_{key}-{algorithm}"] = f"int4 {grain} throughout", algorithm, recipe(spec)
    for algorithm in ("mse", "output_mse", "gptq"):
        for key, grain, size in (
            ("", "block 32", 32),
            ("128", "block 128", 128),
            ("0", "channel", 0),
        ):
            compact = int4_compact(size, algorithm, first_rows=COMMON)
            name = f"int4 {grain}, common tokens int8"
            table[f"compact{key}-{algorithm}"] = name, algorithm, compact
        spent = spent_recipe(algorithm)
        table[f"spent-{algorithm}"] = (
            "int4 block 32, common tokens and layer 0 int8",
            algorithm,
            spent,
        )
        table[f"mixed-{algorithm}"] = "mixed", algorithm, mixed_recipe(algorithm)
    for algorithm in ("mse", "gptq"):
        two = recipe(
            Rule(QuantSpec("int8"), "embed_tokens"), QuantSpec("int2", algorithm=algorithm)
        )
        table[f"int2_channel-{algorithm}"] = "int2 channel, int8 table", algorithm, two
    return table


def mixed_recipe(algorithm: Any) -> Recipe:
    """Bits where they count: values of 8 bits, the table in small blocks, the rest in large ones."""
    return recipe(
        Rule(QuantSpec("int8"), r"\.v_proj\."),
        Rule(QuantSpec("int4", "block", 32, algorithm=algorithm), "embed_tokens|lm_head"),
        Rule(QuantSpec("int4", "block", 128, algorithm=algorithm)),
    )


def spent_recipe(algorithm: Any) -> Recipe:
    """2.60 MB, spent where a byte takes most divergence away: values and outputs of layer 0, common tokens."""
    first = Rule(QuantSpec("int8"), r"layers\.0\.self_attn\.[vo]_proj")
    return recipe(first, *int4_compact(32, algorithm, first_rows=880).rules)


def equalised_recipe() -> Recipe:
    """What norms make is brought nearer to one size before it meets a matrix of 8 bits."""
    behind_norms = r"\.[qkv]_proj\.|gate_proj|up_proj"
    return recipe(Rule(QuantSpec("int8"), behind_norms, equalise=0.5), QuantSpec("int8"))


def held_out() -> Array:
    """Windows of held-out tokens, [windows, 256]."""
    tokens = json.loads((MODEL / "held_out_tokens.json").read_text())["held_out"]
    return np.array(tokens, np.int32)[: len(tokens) // WINDOW * WINDOW].reshape(-1, WINDOW)


def inputs_of(base: dict[str, Array], window: Array) -> dict[str, Array]:
    """A window as the inputs of the prefill signature."""
    return {**base, "tokens": window[None]}


def log_probabilities(path: Path, base: dict[str, Array], windows: Array) -> Array:
    """Of every next token, [windows, 255, vocabulary]."""
    runner = Runner(path, threads=1)
    found: list[Array] = []
    for window in windows:
        logits = runner.run(inputs_of(base, window), SIGNATURE)["logits"][0, :-1]
        logits = logits.astype(np.float64)
        logits -= logits.max(-1, keepdims=True)
        found.append(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))
    return np.stack(found)


def perplexity(log_probability: Array, windows: Array) -> float:
    """exp of the mean loss of the tokens that were to come."""
    losses = -np.take_along_axis(log_probability, windows[:, 1:, None].astype(np.int64), -1)
    return float(np.exp(losses.mean()))


def measure(names: Sequence[str], scored: int) -> list[Row]:
    """Converts the model by each recipe, scores what comes out, and takes the times of all files by turns."""
    windows, table = held_out(), cases()
    rows: list[Row] = []
    paths: list[Path] = []
    reference: Array | None = None
    base: dict[str, Array] = {}
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        for name in ("float32", *(each for each in names if each != "float32")):
            scheme, algorithm, own = table[name]
            paths.append(Path(folder, f"{name}.tflite"))
            seconds, base = convert(paths[-1], own, windows[scored:][:CALIBRATION])
            scores = log_probabilities(paths[-1], base, windows[:scored])
            reference = scores if reference is None else reference
            divergence = 1e3 * float((np.exp(reference) * (reference - scores)).sum(-1).mean())
            found = perplexity(scores, windows[:scored])
            worse = 100 * (found / (rows[0].perplexity if rows else found) - 1)
            size = paths[-1].stat().st_size / 1e6
            rows.append(Row(scheme, algorithm, size, found, worse, divergence, 0.0, seconds))
            Console().print(f"{name:28}", " ".join(cells(rows[-1])[2:6]), highlight=False)
        times = latencies(paths, inputs_of(base, windows[0]), SIGNATURE)
    return [replace(row, milliseconds=time) for row, time in zip(rows, times, strict=True)]


def convert(path: Path, own: Recipe | None, data: Array) -> tuple[float, dict[str, Array]]:
    """Writes the model; returns the seconds that it took, and inputs of a window beside the tokens."""
    start = time.perf_counter()
    options: dict[str, Any] = {}
    if own is not None:
        options["quant_config"] = own
        calibrated = (
            rule.spec is not None and rule.spec.algorithm in CALIBRATED for rule in own.rules
        )
        if any(calibrated) or any(rule.equalise for rule in own.rules):
            options["calibration_data"] = samples(data)
    checkpoint = open_checkpoint(MODEL)
    with hooked(checkpoint.model, WINDOW):
        inputs = sample_inputs(checkpoint.model, WINDOW, WINDOW)
        step = Step(checkpoint.model, with_logits=True)
        converter = litewright.signature(SIGNATURE, step, (), inputs)
        edge = converter.convert(weights=checkpoint.weights, **options)
    edge.export(path)
    return time.perf_counter() - start, base_inputs(inputs)


def base_inputs(sample: Mapping[str, Tensor]) -> dict[str, Array]:
    """What a window is fed beside its tokens: positions, a causal mask, empty caches."""
    mask = np.triu(np.full((WINDOW, WINDOW), MASKED, np.float32), 1)
    values = {name: value.numpy() for name, value in with_empty_caches(sample).items()}
    return {**values, "mask": mask[None, None]}


def samples(data: Array) -> Iterator[dict[str, Array]]:
    """Windows as calibration data, made when they are wanted."""
    base = base_inputs(sample_inputs(open_checkpoint(MODEL).model, WINDOW, WINDOW))
    return (inputs_of(base, window) for window in data)


def cells(row: Row) -> list[str]:
    """A row as text."""
    return [
        row.scheme,
        row.algorithm,
        f"{row.megabytes:.2f}",
        f"{row.perplexity:.3f}",
        f"{row.worse:+.2f} %",
        f"{row.divergence:.2f}",
        f"{row.milliseconds:.1f}",
        f"{row.seconds:.1f}",
    ]


@click.command(help=__doc__)
@click.argument("names", nargs=-1, metavar="[SCHEME ...]")
@click.option("--windows", default=SCORED, show_default=True, help="How many windows are scored.")
@click.option("--page/--no-page", default=False, help="Write the table into docs/quantisation.md.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the rows as JSON too.")
def main(names: tuple[str, ...], windows: int, page: bool, path: Path | None) -> None:  # noqa: FBT001
    known = cases()
    for name in names:
        if name not in known:
            raise click.UsageError(f"no scheme {name!r}; there is {', '.join(known)}")
    rows = measure(names or list(known), windows)
    if path is not None:
        path.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    if page:
        write_table("benchmarks/quantisation.py", HEAD, list(map(cells, rows)), texts=2)


if __name__ == "__main__":
    main()
