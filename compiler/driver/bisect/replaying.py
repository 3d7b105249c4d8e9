"""What a reproducer calls: a small program, a step, and whether results still differ."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from litewright.compiler.inspect.differences import tolerance_for
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import Array
from litewright.compiler.ir.program import Program, input_name, inputs_of
from litewright.compiler.ir.types import dtype_of, element_type, numpy_dtype, shape_of
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.store import ArraySource
from litewright.passes.core import Rule

from ..extensions import Extensions, as_rule, effective
from ..loading import PlaceholderSource, parse_program
from ..options import Options, target_of
from ..plan import AnyPass
from .case import difference_after
from .steps import Apply, Kind, Step, apply_pass, copied, legalise


@dataclass(frozen=True, slots=True)
class Legalise:
    """The lowering to tfl.

    Attributes:
        target: name of the target.
        rules: legalisations beside those that are registered.
    """

    target: str = "cpu"
    rules: Sequence[object] = field(default=())


@dataclass(frozen=True, slots=True)
class Delegate:
    """The XNNPACK delegate, compared with the runtime's own kernels."""


def replay(
    program: str | Path,
    step: AnyPass | Legalise | Delegate,
    arrays: Mapping[str, Array] | None = None,
    *,
    tolerance: float | None = None,
) -> int:
    """Runs a program before and after a step, and prints how results differ.

    Args:
        program: MLIR text, or the path of a file of it, with one signature.
        step: a pass, or what else makes a program another.
        arrays: inputs by name and weights by symbol; those that are not given are normal random numbers, the
            same for the same name.
        tolerance: the largest error that is taken for rounding; see `litewright.bisect`.

    Returns:
        An exit code: 1 if the results differ, else 0.

    Raises:
        FormatError: the text is no program.
    """
    text = program.read_text(encoding="utf-8") if isinstance(program, Path) else program
    context = mlir.make_context()
    with mlir.use(context):
        part = with_weights(parse_program(text), arrays or {})
        (function,) = part.signatures()
        signature = function.name.value
        inputs = random_inputs(part, signature) | {
            name: array
            for name, array in (arrays or {}).items()
            if name in _inputs(part, signature)
        }
    made = _step(step, part, signature)
    assert made.apply is not None, "all of these steps can be repeated"
    expected = made.run_before(part, inputs)
    used = tolerance_for(expected) if tolerance is None else tolerance
    found = difference_after(made, made.apply(part, ()), inputs, expected, used)
    print(f"after {made.label}: {found}")  # noqa: T201 (what a reproducer has to say)
    print("wrong" if found.error > used else "right")  # noqa: T201
    return int(found.error > used)


def _step(step: AnyPass | Legalise | Delegate, part: Program, signature: str) -> Step:
    apply: Apply
    kind: Kind
    match step:
        case Legalise():
            name, kind, apply = "the lowering to tfl", "lowering", legalise(_options(step))
        case Delegate():
            name, kind, apply = "the delegate", "delegate", copied
        case _:
            name, kind, apply = f"pass {step.name}", "pass", apply_pass(step)
    return Step(name, kind, name, signature, part, part, True, {}, apply)


def _options(step: Legalise) -> Options:
    known = effective()
    rules: tuple[Rule, ...] = tuple(as_rule(each) for each in step.rules)
    names = {each.name for each in known.legalisations}
    more = Extensions(legalisations=tuple(each for each in rules if each.name not in names))
    extensions = known.plus(more)
    return Options(target=target_of(step.target, extensions), extensions=extensions)


def with_weights(program: Program, arrays: Mapping[str, Array]) -> Program:
    """The program over weights that are given by symbol; others stay what they are."""
    store = WeightStore()
    for symbol in program.weights:
        known = arrays.get(symbol)
        store.add(symbol, program.weights.source(symbol) if known is None else ArraySource(known))
    return Program(program.module, store)


def random_inputs(program: Program, signature: str) -> dict[str, Array]:
    """Random numbers for the inputs of a signature, the same for the same name."""
    return {
        name: PlaceholderSource(name, shape, dtype).read()
        for name, (shape, dtype) in _inputs(program, signature).items()
    }


def _inputs(program: Program, signature: str) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    arguments = inputs_of(program.signature(signature))
    return {input_name(a) or "": (shape_of(a), dtype_of(a)) for a in arguments}


def encode(array: Array) -> str:
    """The bytes of an array as text."""
    return base64.b85encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()


def array(element: str, shape: tuple[int, ...], data: str | bytes) -> Array:
    """An array from its bytes.

    Args:
        element: the element type in MLIR's spelling (`f32`, `bf16`).
        shape: the dimensions.
        data: the bytes, or the text that `encode` makes of them.
    """
    raw = zlib.decompress(base64.b85decode(data)) if isinstance(data, str) else data
    with mlir.use(mlir.make_context()):
        dtype = numpy_dtype(element_type(element))
    return np.frombuffer(raw, dtype).reshape(shape)
