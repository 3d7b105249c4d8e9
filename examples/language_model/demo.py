"""Exports a small trained language model with int8 weights, and lets it write.

The checkpoint (4.2 million parameters, docstrings of Python libraries) lies in `tests/data`.
"""

import tempfile
from pathlib import Path

import click

from litewright import quantize
from litewright.compiler.runtime.quiet import hush_exit
from litewright.generative.generation.text import TextGenerator
from litewright.tools.quiet_torchao import quiet_torchao

with quiet_torchao():
    import transformers

    from litewright.generative.huggingface.bundling import export_checkpoint

CHECKPOINT = Path(__file__).parents[2] / "tests" / "data" / "docs-llama"
PROMPT = "Return a new array of"


def main() -> None:
    """Exports, proves, generates."""
    hush_exit()
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "docs-llama.litertlm")
        exported = export_checkpoint(
            CHECKPOINT,
            bundle,
            prefill_lengths=(16, 64),
            cache_length=256,
            quant_config=quantize.dynamic_int8(),
        )
        seconds = sum(exported.model.edge.timings.values())
        megabytes = bundle.stat().st_size / 1e6
        click.echo(f"docs-llama: {megabytes:.1f} MB, exported in {seconds:.1f} s")
        if exported.proof is not None:
            worst = max(each.divergence for each in exported.proof.outcomes)
            click.echo(f"beside PyTorch: divergence at most {worst:.1e} nats a token\n")
        generator = TextGenerator(bundle)
        click.secho(PROMPT, bold=True, nl=False)
        for piece in generator.generate(PROMPT, limit=80):
            click.echo(piece, nl=False)
        click.echo(f"\n\n{generator.speed}")


if __name__ == "__main__":
    main()
