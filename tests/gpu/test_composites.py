"""Composites that the GPU runs as one: what the table says of them, and those that conversion emits.

They run in LiteRT-LM's library. In the Python packages of LiteRT 2.3 any composite ends the process, so
that the target `gpu` emits none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import litewright
from litewright.compiler.ir import hlo, mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of, input_name, inputs_of
from litewright.compiler.ir.types import element_type, shape_of, tensor_type
from litewright.compiler.targets import ML_DRIFT_IN_LITERT_LM, Miscomputed
from litewright.lowering.tfl_to_flatbuffer import writer
from tests.compiler.targets.single_ops import program_of
from tests.gpu.device import Array, run_on_gpu
from tests.lowering.stablehlo_to_tfl.test_runtime_composites import CASES as EMITTED
from tests.lowering.stablehlo_to_tfl.test_runtime_composites import kept, random_weights
from tests.support.tolerances import TOLERANCES, assert_close, relative_error

pytestmark = pytest.mark.gpu

Attributes = Mapping[str, float | int]
Composite = tuple[str, Sequence[tuple[Array, bool]], Attributes, Array]
"""Name, operands and whether they are known, attributes, and what it computes."""

_INVISIBLE = ("tfl.pseudo_const", "func.return")


def normal(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def rms_norm(shape: Sequence[int], *, scale: bool = True, known: bool = True) -> Composite:
    x, weight = normal(*shape), normal(shape[-1]) + 2
    wanted = x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.01)
    operands = [(x, False), *([(weight, known)] if scale else [])]
    return "odml.rms_norm", operands, {"epsilon": 0.01}, wanted * weight if scale else wanted


def layer_norm(shape: Sequence[int], parameters: int = 2) -> Composite:
    x, weight, bias = normal(*shape), normal(shape[-1]) + 2, normal(shape[-1])
    centred = x - x.mean(-1, keepdims=True)
    wanted = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 0.01)
    wanted = wanted * (weight if parameters > 0 else 1) + (bias if parameters > 1 else 0)
    known = [(each, True) for each in (weight, bias)[:parameters]]
    attributes = {"sub_type": 1, "epsilon": 0.01}
    return "odml.group_norm", [(x, False), *known], attributes, wanted


def group_norm(shape: Sequence[int], groups: int) -> Composite:
    x, weight, bias = normal(*shape), normal(shape[-1]) + 2, normal(shape[-1])
    rows = x.reshape(shape[0], -1, groups, shape[-1] // groups)
    centred = rows - rows.mean((1, 3), keepdims=True)
    wanted = centred / np.sqrt((centred**2).mean((1, 3), keepdims=True) + 0.01)
    attributes = {
        "sub_type": 0,
        "epsilon": 0.01,
        "num_groups": groups,
        "channel_axis": len(shape) - 1,
    }
    operands = [(x, False), (weight, True), (bias, True)]
    return "odml.group_norm", operands, attributes, wanted.reshape(shape) * weight + bias


def attention(
    batch: int, queries: int, keys: int, heads: int, groups: int, *, mask: Sequence[int] = ()
) -> Composite:
    query, key, value = (
        normal(batch, length, count, 8)
        for length, count in ((queries, heads), (keys, groups), (keys, groups))
    )
    each = [np.repeat(x, heads // groups, axis=2) for x in (key, value)]
    scores = np.einsum("btnh,bsnh->bnts", query, each[0]) * np.float32(0.3)
    operands = [(query, False), (key, False), (value, False)]
    if mask:
        operands.append((normal(*mask), False))
        scores = scores + operands[-1][0]
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    wanted = np.einsum("bnts,bsnh->btnh", weights, each[1])
    return "odml.scaled_dot_product_attention", operands, {"scale": 0.3}, wanted


def rotation(shape: Sequence[int], positions: Sequence[int]) -> Composite:
    x, width, length = normal(*shape), shape[-1], max(positions)
    places = np.arange(3, 3 + length)
    angles = places[:, None] * 1000.0 ** (-np.arange(0, width, 2) / width)
    left, right = x[..., : width // 2], x[..., width // 2 :]
    cos, sin = np.cos(angles), np.sin(angles)
    if shape[2] != length:
        cos, sin = cos[:, None], sin[:, None]
    wanted = np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)
    operands = [(x, False), (places.reshape(positions).astype(np.float32), False)]
    return "odml.rope", operands, {"min_timescale": 1.0, "max_timescale": 1000.0}, wanted


COMPOSITES: dict[str, Callable[[], Composite]] = {
    **{f"rms norm of {s}": lambda s=s: rms_norm(s) for s in ([2, 7], [2, 3, 8], [1, 2, 3, 4], [8])},
    "rms norm without a scale": lambda: rms_norm([2, 3, 8], scale=False),
    "rms norm whose scale is computed": lambda: rms_norm([2, 3, 8], known=False),
    **{f"layer norm of {s}": lambda s=s: layer_norm(s) for s in ([2, 7], [2, 3, 8], [2, 3, 4, 5])},
    "layer norm without a bias": lambda: layer_norm([2, 3, 8], 1),
    "layer norm of nothing but x": lambda: layer_norm([2, 3, 8], 0),
    "group norm": lambda: group_norm([2, 4, 5, 12], 3),
    "group norm of a sequence": lambda: group_norm([2, 5, 8], 2),
    "group norm of single channels": lambda: group_norm([1, 4, 5, 6], 6),
    "attention": lambda: attention(2, 5, 7, 4, 4),
    "attention of one query": lambda: attention(1, 1, 7, 4, 4),
    "attention with a mask": lambda: attention(1, 5, 7, 4, 4, mask=[1, 1, 5, 7]),
    "attention with a mask for each head": lambda: attention(1, 5, 7, 4, 4, mask=[1, 4, 5, 7]),
    "attention with a mask for all queries": lambda: attention(1, 5, 7, 4, 4, mask=[1, 1, 1, 7]),
    "rotation": lambda: rotation([2, 3, 5, 8], [1, 5]),
    "rotation of one token": lambda: rotation([1, 3, 1, 8], [1, 1]),
    "rotation before heads are moved": lambda: rotation([1, 5, 3, 8], [1, 5]),
    "grouped queries": lambda: attention(1, 5, 7, 4, 2),
    "one key head": lambda: attention(1, 5, 7, 4, 1),
    "a mask for each of a batch": lambda: attention(2, 5, 7, 4, 4, mask=[2, 1, 5, 7]),
}  # fmt: skip


def program_with(composite: Composite) -> Program:
    """A program of one composite. What it decomposes to is never run: it yields its first operand."""
    name, operands, attributes, wanted = composite
    spelt: dict[str, ir.Attribute] = {
        key: ir.IntegerAttr.get(element_type("i32"), value)
        if isinstance(value, int)
        else ir.FloatAttr.get(element_type("f32"), value)
        for key, value in attributes.items()
    }

    def body(*inputs: ir.Value) -> ir.Value:
        given = iter(inputs)
        values = [tfl.constant(x) if known else next(given) for x, known in operands]
        whole: Any = ir.InsertionPoint.current.block.owner.parent
        kinds = [value.type for value in values]
        function = hlo.private_function(
            whole.opview, "decomposition", kinds, lambda x: [tfl.emit("abs", [x[0]], x[0].type)]
        )
        kind = tensor_type(wanted.shape, "f32")
        return hlo.composite(name, values, [kind], spelt, function)[0]

    return program_of([(list(x.shape), "f32") for x, known in operands if not known], body)


@pytest.mark.parametrize("case", COMPOSITES)
def test_the_table_says_what_the_delegate_does(case: str, tmp_path: Path) -> None:
    composite = COMPOSITES[case]()
    _, operands, _, wanted = composite
    path = tmp_path / "model.tflite"
    with mlir.use(mlir.make_context()):
        program = program_with(composite)
        operations = body_of(program.signature("f")).operations
        [op] = [op for op in operations if mlir.op_name(op) not in _INVISIBLE]
        assert shape_of(op.results[0]) == wanted.shape
        reason = ML_DRIFT_IN_LITERT_LM.why_not_delegated(op)
        writer.write(program, path)
    given = {f"f/x{n}": x for n, x in enumerate(x for x, known in operands if not known)}
    made = run_on_gpu(path, given, "litert-lm")
    if reason is None:
        assert made.accelerated, made.complaint
        kind = "GPU sine" if case.startswith("rotation") else "GPU op"
        assert_close(made.outputs["f/y0"], wanted.astype(np.float32), kind)
    elif isinstance(reason, Miscomputed):
        assert made.accelerated, made.complaint
        assert relative_error(made.outputs["f/y0"], wanted) > TOLERANCES["GPU op"]
    else:
        assert not made.accelerated


@pytest.mark.parametrize("case", EMITTED)
def test_what_conversion_emits_runs_and_equals_eager(case: str, tmp_path: Path) -> None:
    make, args, name, _ = EMITTED[case]
    module = random_weights(make())
    path = tmp_path / "model.tflite"
    model = litewright.convert(module, args, target="litert-lm-gpu")
    assert kept(model.program) == [name]
    model.export(path)
    given = dict(zip(_input_names(model.program), args, strict=True))
    arrays: dict[str, Any] = {f"serving_default/{n}": x.numpy() for n, x in given.items()}
    made = run_on_gpu(path, arrays, "litert-lm")
    assert made.accelerated, made.complaint
    [result] = made.outputs.values()
    with torch.no_grad():
        assert_close(result, module(*args).numpy(), "GPU model")


def test_composites_end_the_process_in_the_python_packages(tmp_path: Path) -> None:
    # The day that this fails, the target `gpu` may emit them too.
    make, args, _, _ = EMITTED["layer norm"]
    path = tmp_path / "model.tflite"
    model = litewright.convert(random_weights(make()), args, target="litert-lm-gpu")
    model.export(path)
    [name] = _input_names(model.program)
    made = run_on_gpu(path, {f"serving_default/{name}": args[0].numpy()}, "litert")
    assert not made.outputs
    assert "exit code -" in made.complaint


def _input_names(program: Program) -> list[str]:
    with mlir.use(program.context):
        return [input_name(each) or "" for each in inputs_of(program.signatures()[0])]
