"""`litewright generate`: text from a converted language model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..options import PATH


@click.command("generate")
@click.argument("model", type=PATH)
@click.option(
    "--prompt",
    help="The text to continue, or to write about (encoder-decoders); `-` reads standard input.",
)
@click.option(
    "--audio",
    type=PATH,
    metavar="WAV",
    help="Encoder-decoders: a sound to write about.",
)
@click.option(
    "--begin",
    default="",
    metavar="TEXT",
    help="Encoder-decoders: what the answer begins with, as '<|en|><|transcribe|><|notimestamps|>'.",
)
@click.option(
    "--tokenizer",
    type=PATH,
    help="A tokenizer.json or its folder; a bundle has its own, an encoder-decoder wants its checkpoint's folder.",
)
@click.option(
    "--lora",
    type=PATH,
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
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads of the kernels.  [default: all cores, four at most]",
)
@click.option("--quiet", is_flag=True, help="The text alone, without the speed.")
def command(
    *,
    model: Path,
    prompt: str | None,
    audio: Path | None,
    begin: str,
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
    """Continues a text with MODEL, a bundle or a .tflite; an encoder-decoder writes about a text or a sound."""
    from litewright.compiler.runtime.quiet import hush_exit
    from litewright.generative.generation.sampling import Sampler

    hush_exit()
    if (prompt is None) == (audio is None):
        raise click.UsageError("give a --prompt, or an encoder-decoder an --audio")
    sampler = Sampler(temperature, top_k, top_p, repetition_penalty, seed)
    text = sys.stdin.read() if prompt == "-" else prompt
    shared: dict[str, Any] = {"sampler": sampler, "limit": limit, "stop": stop}
    if _has_encoder(model):
        if tokenizer is None or lora is not None:
            raise click.UsageError(
                "an encoder-decoder wants the folder of its checkpoint (--tokenizer), and takes no --lora"
            )
        generator, pieces = _about(model, tokenizer, text, audio, threads, begin=begin, **shared)
    else:
        if text is None or begin:
            raise click.UsageError(f"--audio and --begin are for encoder-decoders: {model} is none")
        generator, pieces = _continued(model, tokenizer, text, threads, lora, **shared)
    for piece in pieces:
        click.echo(piece, nl=False)
    click.echo()
    if not quiet:
        click.echo(str(generator.speed), err=True)


def _has_encoder(model: Path) -> bool:
    from litewright.compiler.runtime.runner import signatures_of
    from litewright.generative.generation.seq2seq import is_encoder_decoder

    return model.suffix == ".tflite" and is_encoder_decoder(signatures_of(model))


def _about(
    model: Path,
    tokenizer: Path,
    text: str | None,
    audio: Path | None,
    threads: int | None,
    **options: Any,
) -> tuple[Any, Iterator[str]]:
    from litewright.generative.generation.seq2seq_text import Seq2SeqTextGenerator

    generator = Seq2SeqTextGenerator(model, tokenizer, threads=threads)
    source: Any = text
    if audio is not None:
        from litewright.generative.huggingface.sounds import features_of

        source = features_of(tokenizer, audio)
    return generator, generator.generate(source, **options)


def _continued(
    model: Path,
    tokenizer: Path | None,
    text: str,
    threads: int | None,
    lora: Path | None,
    **options: Any,
) -> tuple[Any, Iterator[str]]:
    from litewright.generative.generation.text import TextGenerator

    generator = TextGenerator(model, tokenizer=tokenizer, threads=threads, adapter=lora)
    return generator, generator.generate(text, **options)
