"""What signatures are run on, and what the module itself makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from litewright.compiler.diagnostics import UserError
from litewright.compiler.inspect.eager import tensor_of_array
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array
from litewright.compiler.ir.program import input_name, inputs_of
from litewright.compiler.ir.types import DYNAMIC, dtype_of, shape_of
from litewright.compiler.weights.torch_source import array_of_tensor, numpy_dtype

from ..request import ExportedRequest, ModuleRequest, Request
from .cuts import Unit


@dataclass(frozen=True, slots=True)
class Choice:
    """Which inputs are used.

    Attributes:
        given: arrays by input name; for these inputs the rest does not matter.
        samples: whether the sample arguments are used as they are. If not, floating-point inputs are normal random
            numbers of the samples' shapes; integers and bools are the samples' own, since they may be positions.
        seed: of the random numbers.
    """

    given: Mapping[str, Array] = field(default_factory=dict[str, Array])
    samples: bool = False
    seed: int = 0


def inputs_for(
    unit: Unit, signature: str, choice: Choice, samples: Sequence[torch.Tensor]
) -> dict[str, Array]:
    """An array per input of a signature, by name.

    Args:
        unit: holds the signature.
        signature: its name.
        choice: which inputs are wanted.
        samples: the tensors of the sample call, in order; may be empty.

    Raises:
        UserError: an array that is given has another shape or dtype, or is no input's.
    """
    wanted = _inputs_of(unit, signature)
    unknown = sorted(set(choice.given) - {each.name for each in wanted})
    if unknown:
        there = ", ".join(each.name for each in wanted)
        raise UserError(f"signature {signature!r} has no input {unknown[0]!r}; it has {there}")
    by_name = dict(zip((each.name for each in wanted), samples, strict=False))
    return {
        each.name: each.checked(choice.given[each.name])
        if each.name in choice.given
        else _made(each, by_name.get(each.name), choice)
        for each in wanted
    }


def samples_of(request: Request) -> list[torch.Tensor]:
    """The tensors of the sample call, in the order of the signature's inputs."""
    leaves = pytree.tree_leaves(_call(request))
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]


def reference_of(
    request: Request, captured: Unit, inputs: Mapping[str, Array]
) -> dict[str, Array] | None:
    """What the module itself returns, in eager torch; None where there is no module that can be called."""
    if isinstance(request, ExportedRequest) or any(p.is_meta for p in request.module.parameters()):
        return None
    assert isinstance(captured, FxProgram), "modules are captured"
    values = iter([tensor_of_array(inputs[each.name]) for each in captured.inputs])
    leaves, spec = pytree.tree_flatten(_call(request))
    fed = [next(values) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
    args, kwargs = pytree.tree_unflatten(fed, spec)
    with torch.no_grad():
        results = request.module(*args, **kwargs)
    tensors = [leaf for leaf in pytree.tree_leaves(results) if isinstance(leaf, torch.Tensor)]
    arrays = [array_of_tensor(tensor) for tensor in tensors]
    return dict(zip(captured.outputs, arrays, strict=True))


def notes_on(signature: str, expected: Mapping[str, Array]) -> Iterator[str]:
    """What keeps a result from telling right from wrong."""
    for name, array in expected.items():
        numbers = array.astype(np.float64)
        if array.size and not np.isfinite(numbers).any():
            yield f"result {name} of {signature} has no finite element: give other inputs"
        elif array.size > 1 and np.ptp(numbers[np.isfinite(numbers)]) == 0:
            yield f"result {name} of {signature} is the same everywhere: give other inputs"


def _call(request: Request) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The sample arguments."""
    if isinstance(request, ModuleRequest):
        return tuple(request.args), dict(request.kwargs)
    args, kwargs = request.program.example_inputs or ((), {})
    return tuple(args), dict(kwargs)


@dataclass(frozen=True, slots=True)
class _Input:
    """An input of a signature."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def checked(self, array: Array) -> Array:
        """The array, if it fits.

        Raises:
            UserError: it does not.
        """
        fits = len(array.shape) == len(self.shape) and all(
            own in (DYNAMIC, given) for own, given in zip(self.shape, array.shape, strict=True)
        )
        if not fits or array.dtype != self.dtype:
            raise UserError(
                f"input {self.name!r} is {array.dtype}{list(array.shape)}; the signature wants "
                f"{self.dtype}{list(self.shape)}"
            )
        return array


def _inputs_of(unit: Unit, signature: str) -> list[_Input]:
    if isinstance(unit, FxProgram):
        nodes = unit.placeholders
        fakes = [(each.name, nodes[each.placeholder].meta["val"]) for each in unit.inputs]
        return [_Input(name, tuple(v.shape), numpy_dtype(v.dtype)) for name, v in fakes]
    with mlir.use(unit.context):
        arguments = inputs_of(unit.signature(signature))
        return [_Input(input_name(a) or "", shape_of(a), dtype_of(a)) for a in arguments]


def _made(wanted: _Input, sample: torch.Tensor | None, choice: Choice) -> Array:
    is_real = np.issubdtype(wanted.dtype, np.floating) or wanted.dtype.kind == "V"
    if sample is not None and not sample.is_meta and (choice.samples or not is_real):
        return array_of_tensor(sample).copy()
    text = f"{choice.seed} {wanted.name}".encode()
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(text).digest()[:8], "little"))
    # Where the caller chooses a size, two will do.
    shape = tuple(2 if size == DYNAMIC else size for size in wanted.shape)
    if is_real:
        return generator.normal(size=shape).astype(wanted.dtype)
    # 0 and 1 are in the range of nearly every lookup.
    return generator.integers(0, 2, size=shape).astype(wanted.dtype)
