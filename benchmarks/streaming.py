"""`python -m benchmarks.streaming`: checkpoints of gigabytes to integers, in how much memory and time.

Each conversion has a process of its own, whose peak of resident memory counts mapped pages of files too. It
is set beside plainly reading the checkpoint and writing as many bytes as the result has. Nothing of the
checkpoint is in the system's memory when either begins, and both wait until the disk has what was written.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.children import ROOT, Memory, Workers
from benchmarks.peer_environment import PEER, peer_python
from benchmarks.setting import describe, is_busy
from benchmarks.tables import megabytes, seconds, times
from tests.models.decoder_config import DecoderConfig

PAGE = ROOT / "docs" / "quantisation.md"
BEGIN, END = "<!-- table: benchmarks/streaming.py -->", "<!-- end of streaming -->"
SCHEMES = (("int8", "min_max"), ("int4 block 32", "min_max"), ("int4 block 32", "mse"))
PREFILL_LENGTH, CACHE_LENGTH = 128, 1280
SHARD_BYTES = 5_000_000_000
_SMALL_SHARD_BYTES = 700_000_000
_PEER_CACHE_LENGTH = 512

_console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Row:
    """A conversion.

    Attributes:
        model: what was converted.
        by: which converter.
        scheme: what is stored.
        algorithm: how it was found.
        read: bytes of the checkpoint.
        written: bytes of the result.
        total: seconds of the conversion, from its call to the file being written.
        process: seconds of the whole process.
        copy: seconds of reading and writing as many bytes; 0 if that was not measured.
        cores: how many were at work, on average.
        peak: bytes resident at the worst.
        anonymous: of these, bytes that were allocated, at their own worst.
        file: the same of mapped pages of files.
    """

    model: str
    by: str
    scheme: str
    algorithm: str
    read: int
    written: int
    total: float
    process: float
    copy: float
    cores: float
    peak: int
    anonymous: int
    file: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Children, and the folder for checkpoints and models."""

    workers: Workers
    folder: Path

    def checkpoint(self, config: DecoderConfig, name: str, shard_bytes: int | None) -> Path:
        """A checkpoint with random weights, made once; a tensor at a time is in memory."""
        folder = self.folder / f"{name}-{config.num_hidden_layers}"
        if not (folder / "complete").exists():
            _console.print(f"making {folder.name}")
            job = {"checkpoint": folder, "config": asdict(config), "shard_bytes": shard_bytes}
            self.workers.run("make_checkpoint", job)
        return folder

    def convert(self, model: str, checkpoint: Path, scheme: str, algorithm: str) -> Row:
        """Converts by litewright, and copies as many bytes."""
        output = self.folder / "model.tflite"
        job: dict[str, Any] = {
            "checkpoint": checkpoint,
            "output": output,
            "scheme": scheme,
            "algorithm": algorithm,
            "prefill_length": PREFILL_LENGTH,
            "cache_length": CACHE_LENGTH,
        }
        forget(checkpoint)
        try:
            done = self.workers.run("export_checkpoint", job)
            written = output.stat().st_size
        finally:
            output.unlink(missing_ok=True)
        forget(checkpoint)
        copied = self.workers.run("plain_copy", {**job, "bytes": written}).result
        total: float = done.result["total"]
        spent = total, done.seconds, copied["total"], done.result["cpu"] / total
        names = model, "litewright", scheme, algorithm
        return _row(names, (copied["read"], written), spent, done.memory)

    def peer(self, model: str, checkpoint: Path, layers: int) -> Row:
        """Converts by the peer's lightweight path; its default path wants twice the memory that there is."""
        output = self.folder / "peer.tflite"
        job: dict[str, Any] = {
            "case": "decoder-22",
            "size": layers,
            "checkpoint": checkpoint,
            "output": output,
            "lightweight": True,
            "quantize": "int8",
        }
        forget(checkpoint)
        try:
            done = self.workers.run("convert_peer", job, in_peer=True)
            written = output.stat().st_size
        finally:
            output.unlink(missing_ok=True)
        sizes = sum(file.stat().st_size for file in checkpoint.glob("*.safetensors")), written
        spent = done.result["total"], done.seconds, 0.0, 0.0
        return _row((model, f"{PEER}, lightweight", "int8", "min_max"), sizes, spent, done.memory)


def forget(checkpoint: Path) -> None:
    """Drops the files from the system's memory, so that whoever reads them reads the disk."""
    for file in checkpoint.glob("*.safetensors"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _row(
    names: tuple[str, str, str, str],
    sizes: tuple[int, int],
    spent: tuple[float, float, float, float],
    memory: Memory,
) -> Row:
    row = Row(*names, *sizes, *spent, memory.peak, memory.anonymous, memory.file)
    _console.print("  ".join(cells(row)))
    return row


def cells(row: Row) -> list[str]:
    """A row as text."""
    return [
        row.model,
        row.by,
        f"{row.scheme}, {row.algorithm}",
        megabytes(row.read),
        megabytes(row.written),
        seconds(row.total),
        f"{seconds(row.copy)} ({times(row.total / row.copy)})" if row.copy else "",
        seconds(row.process),
        f"{row.cores:.1f}" if row.cores else "",
        megabytes(row.peak),
        megabytes(row.file),
    ]


def as_table(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    head = ["model", "by", "weights", "read", "written", "conversion", "plain copy", "process"]
    head += ["cores", "peak memory", "mapped"]
    lines = [head, [*["---"] * 3, *["---:"] * 8], *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_page(rows: Sequence[Row], setting: Mapping[str, Any]) -> None:
    """Puts the table into the page, between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    told = (
        f"{setting['date']}, {setting['processor']}, {setting['cores']} cores, "
        f"{megabytes(setting['memory_bytes'])} of memory; load before: {setting['load']}. "
        f"Measured by `{setting['command']}`."
    )
    PAGE.write_text(f"{head}{BEGIN}\n\n{as_table(rows)}\n\n{told}\n\n{END}{tail}", encoding="utf-8")


@click.command(help=__doc__)
@click.option("--layers", default=32, show_default=True, help="Of the Llama-2-7B; 0 leaves it out.")
@click.option(
    "--tinyllama", default=22, show_default=True, help="Layers of TinyLlama-1.1B; 0 leaves it out."
)
@click.option("--peer/--no-peer", default=True, help=f"Whether {PEER} converts TinyLlama too.")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=ROOT / "build" / "streaming",
    help="Folder for checkpoints, models and logs: 25 GB for all layers.",
)
@click.option("--page/--no-page", default=False, help="Write the table into docs/quantisation.md.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the rows as JSON too.")
def main(
    *, layers: int, tinyllama: int, peer: bool, work: Path, page: bool, path: Path | None
) -> None:
    setting = describe(f"python -m benchmarks.streaming --layers {layers} --tinyllama {tinyllama}")
    if is_busy():
        _console.print("[yellow]the machine is busy: figures will be doubtful[/yellow]")
    python = peer_python(_console.print) if peer and tinyllama else None
    bench = Bench(Workers(work.resolve(), python), work.resolve())
    rows: list[Row] = []
    if layers:
        config = DecoderConfig.llama2_7b(layers=layers, cache_length=CACHE_LENGTH)
        shard_bytes = SHARD_BYTES if layers > 16 else _SMALL_SHARD_BYTES
        checkpoint = bench.checkpoint(config, "llama-2-7b", shard_bytes)
        name = "Llama-2-7B" if layers == 32 else f"Llama-2-7B, {layers} layers"
        rows += [bench.convert(name, checkpoint, *each) for each in SCHEMES]
    if tinyllama:
        config = DecoderConfig.tinyllama(layers=tinyllama, cache_length=_PEER_CACHE_LENGTH)
        checkpoint = bench.checkpoint(config, "tinyllama", None)
        name = "TinyLlama-1.1B" if tinyllama == 22 else f"TinyLlama-1.1B, {tinyllama} layers"
        rows.append(bench.convert(name, checkpoint, *SCHEMES[0]))
        if peer:
            rows.append(bench.peer(name, checkpoint, tinyllama))
    if path is not None:
        path.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    if page:
        write_page(rows, setting)


if __name__ == "__main__":
    main()
