"""Which op of a converted model is the first to say something else than PyTorch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import litewright

from ..generation.generator import Generator
from .export import LanguageModel
from .proof import Proof
from .weights import Array

_TAKEN = ("target", "quant_config", "passes", "composites", "progress")
"""Options of a conversion that the search repeats it with."""

_NO_STEP = (
    "every step of the conversion keeps what was captured; so what differs is what the model's own code computes "
    "where attention, masks and caches are given to it, or the runtime's state between calls"
)


def first_wrong_op(
    model: LanguageModel, path: Path, proof: Proof, options: Mapping[str, Any]
) -> str:
    """Where a conversion goes wrong: the step, the op, and the module of the user's model.

    The calls that lead to the first wrong position are made once more. Each of their signatures is then converted
    again, step by step, on what the last of its calls was given.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        proof: what was found; a trial is wrong.
        options: those of the conversion.

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
    calls = _last_calls(path, proof)
    with model.plan.signatures() as converter:
        for name, inputs in calls.items():
            request = next(each for each in converter.requests if each.name == name)
            alone = litewright.signature(name, request.module, request.args, request.kwargs)
            found = litewright.bisect(alone, inputs=inputs, weights=weights, **repeated)
            if found.culprit is not None:
                return "\n".join(_lines(found.culprit))
    return _NO_STEP


def _memory() -> int:
    """Bytes that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class _Recording(litewright.Session):
    """Keeps all that went into the last call of each signature, state too; signatures in the order of these calls."""

    def __init__(self, model: Path) -> None:
        super().__init__(model)
        self.calls: dict[str, dict[str, Array]] = {}

    def run(self, inputs: Mapping[str, Array], signature: str) -> dict[str, Array]:
        """Runs a signature on the state."""
        self.calls.pop(signature, None)
        self.calls[signature] = {**inputs, **self.values()}
        return super().run(inputs, signature)


class _Recorded(Generator):
    """A generator whose calls are kept."""

    def __init__(self, model: Path) -> None:
        super().__init__(model)
        self._session = self.session = _Recording(model)


def _last_calls(path: Path, proof: Proof) -> dict[str, dict[str, Array]]:
    """The last call of each signature, up to the first wrong position."""
    generator = _Recorded(path)
    wrong = proof.wrong[0]
    logits = wrong.trial.run(generator, proof.text)
    for position, _ in zip(wrong.trial.positions(), logits, strict=True):
        if position == wrong.first_wrong:
            break
    return generator.session.calls


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
