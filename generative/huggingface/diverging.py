"""Which op of a converted model is the first to say something else than PyTorch."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import litewright

from ..generation.generator import Generator
from .encoder_decoder import EncoderDecoderModel
from .export import LanguageModel
from .first_module import first_wrong_module
from .proof import Proof, told
from .weights import Array

_TAKEN = ("target", "quant_config", "passes", "composites", "progress")
"""Options of a conversion that the search repeats it with."""

_NO_STEP = (
    "every step of the conversion keeps what was captured; so what differs is what the model's own code computes "
    "where attention, masks and caches are given to it, or the runtime's state between calls"
)


def is_exact(model: LanguageModel | EncoderDecoderModel, options: Mapping[str, Any]) -> bool:
    """Whether weights are as exact as PyTorch's: neither quantised by a recipe nor kept as integers."""
    return not options.get("quant_config") and not model.checkpoint.holds_integers


def check(
    proof: Proof,
    model: LanguageModel | EncoderDecoderModel,
    path: Path,
    options: Mapping[str, Any],
    runner: type[Generator] = Generator,
) -> None:
    """Accepts a model that says what PyTorch says; of quantised weights, one that says numbers.

    Args:
        proof: what was found.
        model: what was converted.
        path: the .tflite that was written of it.
        options: those of the conversion.
        runner: what runs such a model.

    Raises:
        UserError: weights are as exact as PyTorch's and results are not, or results are no numbers; with the first
            wrong op.
    """
    if proof.wrong and (is_exact(model, options) or not math.isfinite(proof.error)):
        where = first_wrong_op(model, path, proof, options, runner)
        raise litewright.UserError(f"{told(proof)}\n{where}")


def first_wrong_op(
    model: LanguageModel | EncoderDecoderModel,
    path: Path,
    proof: Proof,
    options: Mapping[str, Any],
    runner: type[Generator] = Generator,
) -> str:
    """Where a conversion goes wrong: the step, the op, and the module of the user's model.

    The calls that lead to the first wrong position are made once more. Each of their signatures is then converted
    again, step by step, on what the last of its calls was given.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        proof: what was found; a trial is wrong.
        options: those of the conversion.
        runner: what runs such a model.

    Returns:
        Lines of text; why nothing was looked for, where the weights would not fit the memory.
    """
    size = sum(4 * math.prod(each.shape) for each in model.checkpoint.weights.values())
    if 3 * size > _memory():
        return (
            f"the first wrong op was not looked for: weights of {size} bytes do not fit the memory three times; "
            "export the same model with fewer layers"
        )
    repeated = {name: options[name] for name in _TAKEN if name in options}
    weights = model.checkpoint.weights
    calls = _last_calls(path, proof, runner)
    with model.plan.signatures() as converter:
        for name, inputs in calls.items():
            request = next(each for each in converter.requests if each.name == name)
            alone = litewright.signature(name, request.module, request.args, request.kwargs)
            found = litewright.bisect(alone, inputs=inputs, weights=weights, **repeated)
            if found.culprit is not None:
                return "\n".join(_lines(found.culprit))
    if isinstance(model, LanguageModel):
        end = (proof.wrong[0].first_wrong or 0) + 1
        module = ""
        # What was found must be told, even if looking closer fails.
        with contextlib.suppress(Exception):
            module = first_wrong_module(model.checkpoint, proof.text[:end])
        if module:
            return f"{_NO_STEP}\nfirst wrong module: {module}"
    return _NO_STEP


def _memory() -> int:
    """Bytes that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class _Recording(litewright.Session):
    """Keeps all that went into the last call of each signature, state too; signatures in the order of these calls."""

    def __init__(self, model: Path, *, handed_over: bool) -> None:
        super().__init__(model, handed_over=handed_over)
        self.calls: dict[str, dict[str, Array]] = {}

    def run(self, inputs: Mapping[str, Array], signature: str) -> dict[str, Array]:
        """Runs a signature on the state."""
        self.calls.pop(signature, None)
        taken = {each.name for each in self.signatures[signature].inputs}
        state = {name: value for name, value in self.values().items() if name in taken}
        self.calls[signature] = {**inputs, **state}
        return super().run(inputs, signature)


def _last_calls(path: Path, proof: Proof, runner: type[Generator]) -> dict[str, dict[str, Array]]:
    """The last call of each signature, up to the first wrong position."""
    generator = runner(path)
    recording = _Recording(path, handed_over=runner.hands_over)
    generator.session = recording
    wrong = proof.wrong[0]
    logits = wrong.trial.run(generator, proof.text)
    for position, _ in zip(wrong.trial.positions(), logits, strict=True):
        if position == wrong.first_wrong:
            break
    return recording.calls


def _lines(culprit: Any) -> Iterator[str]:
    yield f"first wrong: {culprit.step}, in signature {culprit.signature}: {culprit.difference}"
    region = culprit.region
    if region is None:
        return
    yield f"first wrong op: {region.op.op}"
    yield f"  module  {region.op.module or '(the top module)'}"
    yield f"  source  {region.op.source or 'unknown'}"
    rules = dict.fromkeys(each.rule for each in region.rules)
    if rules:
        yield f"  rules   {', '.join(rules)}"
