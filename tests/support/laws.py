"""What holds for every pass, whatever it does.

* The interface stays: signatures, names, shapes and element types; but for passes that are asked to change it.
* The numbers stay, within what rounding a few ops otherwise explains. Programs of unknown dimensions are
  not run.
* It says truthfully whether it changed anything.
* A second run finds nothing left to do.
* What it leaves behind is sound, and its text says all of it: read again, it prints the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from litewright.compiler.driver.quantization import CHANGES_INTERFACE
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program, body_of, input_name, inputs_of, results_of
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import dtype_of, is_static, shape_of
from litewright.compiler.ir.verify import verify
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.torch_source import array_of_tensor
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.core import Pass, Repeat
from litewright.passes.tfl.fuse_quantized import scheme_of
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


def random_array(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Array:
    """Normal floats, integers from 0 to 4, coin flips."""
    if dtype.kind in "biu":
        return rng.integers(0, 2 if dtype.kind == "b" else 5, size=shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


def random_inputs(program: Program, signature: str, seed: int = 1) -> dict[str, Array]:
    """Values for the inputs of a signature, by name; integers that stand for floats are random floats, rounded."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Array] = {}
    for argument in inputs_of(program.signature(signature)):
        scheme, dtype = scheme_of(argument), dtype_of(argument)
        drawn = random_array(rng, shape_of(argument), np.dtype(np.float32) if scheme else dtype)
        inputs[input_name(argument) or ""] = (
            drawn if scheme is None else _rounded(drawn, scheme, dtype)
        )
    return inputs


def _rounded(floats: Array, scheme: QuantizedType, dtype: np.dtype[np.generic]) -> Array:
    bounds = np.iinfo(dtype.name)
    steps = np.rint(floats / scheme.scales[0]) + scheme.zero_points[0]
    return np.clip(steps, bounds.min, bounds.max).astype(dtype)


def _as_floats(array: Array, value: ir.Value) -> Array:
    """What integers stand for; all else as it is."""
    scheme = scheme_of(value)
    if scheme is None:
        return array
    steps = array.astype(np.float64) - scheme.zero_points[0]
    return (steps * scheme.scales[0]).astype(np.float32)


def is_tfl(program: Program) -> bool:
    """Whether a program is legalised."""
    return any(
        op_name(op).startswith("tfl.") for f in program.functions() for op in body_of(f).operations
    )


def is_static_program(program: Program) -> bool:
    """Whether every dimension of every value is known."""
    values = (
        value
        for function in program.functions()
        for op in body_of(function).operations
        for value in (*op.operands, *op.results)
    )
    return all(is_static(value) for value in values if isinstance(value.type, ir.RankedTensorType))


def run_all(program: Program, *, delegate: bool = False) -> dict[str, Array]:
    """The results of every signature on random inputs, as `signature.result`; integers as the floats they stand for.

    Args:
        program: StableHLO, which runs on XLA, or tfl, which runs on LiteRT.
        delegate: whether LiteRT uses XNNPACK.
    """
    if is_tfl(program):
        return _run_on_litert(program, delegate=delegate)
    results: dict[str, Array] = {}
    for function in program.signatures():
        signature = function.name.value
        found = run_program(program, random_inputs(program, signature), signature)
        results |= {f"{signature}.{name}": array for name, array in found.items()}
    return results


def _run_on_litert(program: Program, *, delegate: bool) -> dict[str, Array]:
    results: dict[str, Array] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        writer.write(program, path)
        runner = Runner(path, delegate=delegate)
        for function in program.signatures():
            signature = function.name.value
            found = runner.run(random_inputs(program, signature), signature)
            results |= {
                f"{signature}.{name}": _as_floats(found[name], value)
                for name, value in results_of(function)
            }
    return results


def tolerance_for(array: Array) -> str:
    """The row of the table of tolerances for a few ops that end in an array of this dtype."""
    kinds = {"float32": "float32 transcendental", "float64": "float64 op", "float16": "float16 op"}
    return kinds.get(array.dtype.name, "bfloat16 op" if array.dtype.kind == "V" else "exact")


def assert_laws(
    apply: Pass[Program],
    program: Program,
    observers: Sequence[Observer[Program]] = (),
    *,
    kind: str | None = None,
) -> bool:
    """Runs a pass and asserts what holds for every pass; says whether the program changed.

    Args:
        apply: the pass.
        program: what it runs on, in the current context.
        observers: told what the first run's rules do.
        kind: the row of the table of tolerances; that of single ops if None.
    """
    runs = is_static_program(program)
    # With the delegate, since a pass may mend what LiteRT's own kernels get wrong.
    expected = run_all(program, delegate=True) if runs else {}
    changed = assert_structural_laws(apply, program, observers)
    if changed and runs:
        assert_computes(program, expected, kind)
    return changed


def assert_structural_laws(
    apply: Pass[Program], program: Program, observers: Sequence[Observer[Program]] = ()
) -> bool:
    """`assert_laws` without the numbers: nothing but the pass is run."""
    names, before = program.interface(), str(program)
    changed = apply.run_observed(program, observers)
    after = str(program)
    verify(program)
    assert changed == (before != after), f"{apply.name} does not tell the truth about a change"
    stays = apply.name not in CHANGES_INTERFACE
    assert program.interface() == names or not stays, f"{apply.name} changes the interface"
    assert str(ir.Module.parse(after)) == after, "the text does not say all of the program"
    assert not apply.run(program), f"a second run of {apply.name} changes something"
    assert str(program) == after, f"a second run of {apply.name} lies about a change"
    return changed


def assert_computes(
    program: Program, expected: Mapping[str, Array], kind: str | None = None
) -> None:
    """Asserts that a program still computes what `run_all` said; tfl with the delegate and without."""
    for delegate in {False, is_tfl(program)}:
        for name, array in run_all(program, delegate=delegate).items():
            assert_close(array, expected[name], kind or tolerance_for(array))


def run_lawfully(
    passes: Iterable[Pass[Program]],
    program: Program,
    changed: Callable[[Pass[Program]], None] | None = None,
) -> None:
    """Runs passes in order and asserts the structural laws of each; `changed` is told who changed something."""
    for each in passes:
        if isinstance(each, Repeat):
            inner: tuple[Pass[Program], ...] = each.passes
            while sum(_run_lawfully(one, program, changed) for one in inner):
                pass
        else:
            _run_lawfully(each, program, changed)


def _run_lawfully(
    apply: Pass[Program], program: Program, changed: Callable[[Pass[Program]], None] | None
) -> bool:
    found = assert_structural_laws(apply, program)
    if found and changed is not None:
        changed(apply)
    return found


def assert_fx_laws(
    apply: Pass[FxProgram],
    program: FxProgram,
    inputs: Mapping[str, torch.Tensor],
    kind: str = "float32 transcendental",
) -> bool:
    """`assert_laws` for a pass on FX graphs, which run in eager torch.

    Args:
        apply: the pass.
        program: what it runs on.
        inputs: of the signature, by name.
        kind: the row of the table of tolerances for floats; all else must be equal.
    """
    expected, names, before = program.run(inputs), program.interface(), str(program)
    changed = apply.run(program)
    after = str(program)
    program.verify()
    assert changed == (before != after), f"{apply.name} does not tell the truth about a change"
    assert program.interface() == names, f"{apply.name} changes the interface"
    for name, tensor in program.run(inputs).items():
        close = kind if tensor.is_floating_point() else "exact"
        assert_close(array_of_tensor(tensor), array_of_tensor(expected[name]), close)
    assert not apply.run(program), f"a second run of {apply.name} changes something"
    assert str(program) == after, f"a second run of {apply.name} lies about a change"
    return changed
