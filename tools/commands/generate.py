"""`litewright generate`: text from a converted language model."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("generate")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--prompt", required=True, help="The text to continue; `-` reads standard input.")
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    help="A tokenizer.json or its folder; a bundle has its own.",
)
@click.option(
    "--lora",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="An adapter, as peft writes it, for a model that takes adapters as inputs.",
)
@click.option("--tokens", "limit", type=click.IntRange(min=1), help="How many tokens at most.")
@click.option("--temperature", default=0.0, show_default=True, help="0 is greedy.")
@click.option("--top-k", default=0, show_default=True, help="Only so many tokens; 0 is all.")
@click.option("--top-p", default=1.0, show_default=True, help="Only tokens of that probability.")
@click.option("--repetition-penalty", default=1.0, show_default=True, help="1 is none.")
@click.option("--seed", default=0, show_default=True, help="Of the choice.")
@click.option("--stop", multiple=True, help="A text that ends the answer.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of the kernels.")
@click.option("--quiet", is_flag=True, help="The text alone, without the speed.")
def command(
    *,
    model: Path,
    prompt: str,
    tokenizer: Path | None,
    lora: Path | None,
    limit: int | None,
    temperature: float,
    top_k: int,
    top_p: float,
    repetition_penalty: float,
    seed: int,
    stop: tuple[str, ...],
    threads: int | None,
    quiet: bool,
) -> None:
    """Continues a text with MODEL, a bundle or a .tflite."""
    from litewright.compiler.runtime.quiet import hush_exit
    from litewright.generative.generation.sampling import Sampler
    from litewright.generative.generation.text import TextGenerator

    hush_exit()
    sampler = Sampler(temperature, top_k, top_p, repetition_penalty, seed)
    generator = TextGenerator(model, tokenizer=tokenizer, threads=threads, adapter=lora)
    text = sys.stdin.read() if prompt == "-" else prompt
    for piece in generator.generate(text, sampler=sampler, limit=limit, stop=stop):
        click.echo(piece, nl=False)
    click.echo()
    if not quiet:
        click.echo(str(generator.speed), err=True)
