"""The module that lowering makes: functions, weights, composites, locations, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from litewright.compiler.capture import capture, from_exported_program
from litewright.compiler.diagnostics import InternalError, UnsupportedError, UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import (
    Program,
    body_of,
    inputs_of,
    is_signature,
    results_of,
    weight_symbol,
    weights_of,
)
from litewright.compiler.weights import TensorSource
from litewright.compiler.weights.store import ArraySource
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.lowering.torch_to_stablehlo.table import merge, rules
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.support.xla import run_program

Signature = tuple[str, nn.Module, Sequence[Tensor]]
BIG = 160  # BIG * BIG floats are more than 64 KiB


def _capture(name: str, module: nn.Module, *args: Any, **kwargs: Any) -> FxProgram:
    return capture(name, module.eval(), args, kwargs, kept=supported_ops())


def _lower(*programs: FxProgram, weights: Mapping[str, TensorSource] | None = None) -> Program:
    context = mlir.make_context()
    with mlir.use(context):
        program = lower(programs, context, weights=weights)
        assert program.module.operation.verify()
    return program


def _lowered(module: nn.Module, *args: Any) -> Program:
    return _lower(_capture("main", module, *args))


def _symbols(program: Program, signature: str = "main") -> list[str | None]:
    return [weight_symbol(each) for each in weights_of(program.signature(signature))]


def _ops(program: Program, signature: str = "main") -> list[str]:
    return [op_name(op) for op in body_of(program.signature(signature)).operations]


class Call(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Tensor) -> Any:
        return self.function(*args)


# ---- functions -----------------------------------------------------------------------------------


def test_a_signature_is_a_public_function() -> None:
    class Named(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
            return {"sum": x + y, "same": y}

    program = _lower(_capture("run", Named(), torch.ones(2), torch.ones(2)))
    (function,) = program.signatures()
    assert function.name.value == "run"
    assert str(function.attributes["arg_attrs"]) == (
        '[{litewright.name = "x"}, {litewright.name = "y"}]'
    )
    assert [name for name, _ in results_of(function)] == ["sum", "same"]


def test_unused_inputs_stay() -> None:
    program = _lowered(Call(lambda x, _: x), torch.ones(2), torch.ones(3))
    assert len(inputs_of(program.signature("main"))) == 2


def test_signatures_keep_their_names_when_a_composite_would_take_them() -> None:
    module = Call(lambda x: torch.softmax(x, 0))
    programs = [_capture(name, module, torch.ones(3)) for name in ("main", "aten.softmax")]
    program = _lower(*programs)
    assert [f.name.value for f in program.signatures()] == ["main", "aten.softmax"]


def test_a_name_given_twice_is_refused() -> None:
    one = _capture("main", Call(torch.relu), torch.ones(2))
    with pytest.raises(UserError, match="'main' is given twice"):
        _lower(one, one)


def test_no_signature_is_refused() -> None:
    with pytest.raises(UserError, match="no signature"):
        _lower()


# ---- weights -------------------------------------------------------------------------------------


class Holder(nn.Module):
    table: Tensor
    state: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.big = nn.Linear(BIG, BIG)
        self.small = nn.Linear(BIG, 4)
        self.register_buffer("table", torch.randn(BIG, BIG), persistent=False)
        self.register_buffer("state", torch.randn(BIG, BIG))
        self.unused = nn.Linear(BIG, BIG)

    def forward(self, x: Tensor) -> Tensor:
        return self.small((self.big(x) @ self.table) @ self.state)


def test_large_parameters_and_persistent_buffers_are_arguments() -> None:
    module = Holder()
    program = _lowered(module, torch.ones(1, BIG))
    assert _symbols(program) == ["big.weight", "state"]
    assert np.shares_memory(
        program.weights.source("big.weight").read(), module.big.weight.detach().numpy()
    )
    x = torch.randn(2, BIG)
    program = _lowered(module, x)
    actual = run_program_in(program, {"x": x.numpy()})
    assert np.allclose(actual["output_0"], module(x).detach().numpy(), rtol=1e-4, atol=1e-2)


def run_program_in(
    program: Program, inputs: Mapping[str, np.ndarray[Any, Any]], signature: str | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    with mlir.use(program.context):
        return run_program(program, inputs, signature)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(BIG, BIG)
        self.head = nn.Linear(BIG, BIG, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.table(x))


def test_tied_weights_are_one() -> None:
    program = _lowered(Tied(), torch.arange(4))
    assert _symbols(program) == ["table.weight"]


class Wrapper(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) * 2


def test_signatures_share_a_tensor_whatever_they_call_it() -> None:
    module = Tied()
    first = _capture("first", module, torch.arange(4))
    second = _capture("second", Wrapper(module), torch.arange(2))
    program = _lower(first, second)
    assert _symbols(program, "first") == _symbols(program, "second") == ["table.weight"]


def test_different_tensors_of_one_name_are_two() -> None:
    modules = {"first": Tied(), "second": Tied()}
    program = _lower(*[_capture(n, m, torch.arange(4)) for n, m in modules.items()])
    assert _symbols(program, "first") == ["table.weight"]
    assert _symbols(program, "second") == ["table.weight@second"]
    for name, module in modules.items():
        actual = run_program_in(program, {"x": np.arange(4)}, name)["output_0"]
        expected = module(torch.arange(4)).detach().numpy()
        assert np.allclose(actual, expected, rtol=1e-4, atol=1e-3)


def test_equal_tensors_of_one_name_are_one() -> None:
    module = Tied()
    exported = [
        torch.export.export(each, (torch.arange(4),), strict=False)
        for each in (module, _copy_of(module))
    ]
    programs = [
        from_exported_program(name, each, kept=supported_ops())
        for name, each in zip(("first", "second"), exported, strict=True)
    ]
    program = _lower(*programs)
    assert _symbols(program, "second") == ["table.weight"]


def _copy_of(module: Tied) -> Tied:
    copy = Tied()
    copy.load_state_dict(module.state_dict())
    return copy


def _checkpoint(module: nn.Module, dtype: Any) -> dict[str, TensorSource]:
    tensors = {name: p.detach().numpy() for name, p in module.named_parameters()}
    return {name: ArraySource(array.astype(dtype)) for name, array in tensors.items()}


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_parameters_on_meta_come_from_the_checkpoint(dtype: Any) -> None:
    torch.manual_seed(0)
    real = Decoder(DecoderConfig.tiny(tied=True))
    config = real.config
    checkpoint = _checkpoint(real, dtype)
    assert "lm_head.weight" not in checkpoint
    meta = Decoder(config, device="meta")
    programs = [
        _capture("prefill", Prefill(meta), **config.sample_inputs(8)),
        _capture("decode", meta, **config.sample_inputs(1)),
    ]
    program = _lower(*programs, weights=checkpoint)
    for parameter in real.parameters():
        parameter.data = torch.from_numpy(
            parameter.detach().numpy().astype(dtype).astype(np.float32)
        )
    inputs = config.sample_inputs(1)
    actual = run_program_in(program, {n: t.numpy() for n, t in inputs.items()}, "decode")
    expected = real(**inputs)["logits"].detach().numpy()
    assert np.allclose(actual["logits"], expected, rtol=1e-4, atol=1e-5)


def test_a_checkpoint_of_another_dtype_is_cast() -> None:
    module = Tied()
    with torch.device("meta"):
        meta = Tied()
    program = _lower(
        _capture("main", meta, torch.arange(4)), weights=_checkpoint(module, ml_dtypes.bfloat16)
    )
    assert _symbols(program) == ["cast(table.weight, float32)"]
    assert program.weights.read("cast(table.weight, float32)").dtype == np.float32


def test_missing_tensors_are_all_named() -> None:
    with torch.device("meta"):
        module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    captured = _capture("main", module, torch.ones(1, 4))
    with pytest.raises(UserError, match=r"give weights=(.|\n)*0\.weight(.|\n)*1\.bias"):
        _lower(captured)
    checkpoint = {"0.weight": ArraySource(np.ones((4, 3), np.float32))}
    with pytest.raises(UserError) as caught:
        _lower(captured, weights=checkpoint)
    assert "0.weight: the model wants [4, 4], the checkpoint has [4, 3]" in str(caught.value)
    assert "1.weight: not in the checkpoint" in str(caught.value)


# ---- composites ----------------------------------------------------------------------------------


def test_equal_composites_share_a_function() -> None:
    def function(x: Tensor, y: Tensor) -> Tensor:
        once = torch.softmax(x, -1) + torch.softmax(x * 2, 1) + torch.softmax(x, 0)
        return once + torch.softmax(y, 1).sum()

    program = _lowered(Call(function), torch.ones(2, 3), torch.ones(2, 4))
    composites = [n for n in _ops(program) if n == "stablehlo.composite"]
    private = [f for f in program.functions() if not is_signature(f)]
    assert len(composites) == 4
    assert len(private) == 3


def test_absent_operands_and_attributes_are_told() -> None:
    def function(x: Tensor, b: Tensor) -> Tensor:
        return nn.functional.layer_norm(x, (4,), None, b, 1e-3)

    program = _lowered(Call(function), torch.ones(2, 4), torch.ones(4))
    (op,) = [
        o
        for o in body_of(program.signature("main")).operations
        if op_name(o) == "stablehlo.composite"
    ]
    assert composite_name(op) == "aten.layer_norm"
    assert len(op.operands) == 2
    shown = str(op.attributes["composite_attributes"])
    assert "has_bias = true, has_weight = false" in shown
    assert "axes = 1 : i64" in shown
    assert "eps = 1.000000e-03 : f32" in shown


def test_lowering_is_deterministic() -> None:
    config = DecoderConfig.tiny()
    decoder = Decoder(config)
    texts = {
        _lower(_capture("decode", decoder, **config.sample_inputs(1))).module.operation.get_asm(
            enable_debug_info=True
        )
        for _ in range(2)
    }
    assert len(texts) == 1


# ---- locations -----------------------------------------------------------------------------------


def test_every_op_knows_module_and_line() -> None:
    module = nn.Sequential(nn.Sequential(nn.Linear(4, 4), Call(torch.tanh)))
    program = _lowered(module, torch.ones(1, 4))
    origins = {
        op_name(o): origin_of(o.location) for o in body_of(program.signature("main")).operations
    }
    assert origins["stablehlo.dot_general"].name == "0.0.linear"
    assert origins["stablehlo.tanh"].name == "0.1.tanh"
    assert origins["stablehlo.tanh"].file.endswith("test_lower.py")
    assert origins["stablehlo.constant"].name in {"0.0.bias", "0.0.weight"}


def test_decompositions_have_the_place_of_their_first_use() -> None:
    program = _lowered(nn.Sequential(Call(lambda x: torch.softmax(x, 0))), torch.ones(3))
    (private,) = [f for f in program.functions() if not is_signature(f)]
    assert all(origin_of(o.location).path == "0" for o in body_of(private).operations)


# ---- refusals ------------------------------------------------------------------------------------


def test_unsupported_ops_are_told_all_at_once() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.linalg.inv(x) + torch.linalg.eigvalsh(x)

    class Parent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.odd = Odd()

        def forward(self, x: Tensor) -> Tensor:
            return self.odd(self.odd(x)) + torch.linalg.det(x)

    programs = [_capture(n, Parent(), torch.eye(3)) for n in ("first", "second")]
    with pytest.raises(UnsupportedError) as caught:
        _lower(*programs)
    message = str(caught.value)
    assert "aten.linalg_inv_ex.default, 4 times" in message
    assert "odd.linalg_inv_ex" in message
    assert "test_lower.py:" in message
    assert len({item.op for item in caught.value.items}) >= 3


def test_refused_forms_are_told_all_at_once() -> None:
    def function(q: Tensor) -> Tensor:
        once = nn.functional.scaled_dot_product_attention(q, q, q, dropout_p=0.5)
        return once.view(torch.float64) if q.dtype == torch.float64 else once.view(torch.int64)

    with pytest.raises(UnsupportedError) as caught:
        _lowered(Call(function), torch.ones(1, 1, 2, 4))
    message = str(caught.value)
    assert "dropout" in message
    assert "another width" in message


def test_a_hint_names_another_overload() -> None:
    captured = _capture(
        "main", Call(lambda x: torch.scatter_reduce(x, 0, x.long(), x, "sum")), torch.ones(3)
    )
    table = {op: rule for op, rule in rules().items() if "scatter_reduce" not in str(op)}
    from litewright.compiler.ir.fx import live_nodes
    from litewright.lowering.torch_to_stablehlo.graph import without_rule

    (missing,) = without_rule(live_nodes(captured.graph_module), table)
    assert missing.hint.startswith("nearest supported: aten.scatter")


def test_random_numbers_are_to_be_an_input() -> None:
    with pytest.raises(UnsupportedError, match="make them an input"):
        _lowered(Call(lambda x: x + torch.rand_like(x)), torch.ones(3))


def test_two_rules_for_an_op_are_an_error() -> None:
    op, rule = next(iter(rules().items()))
    with pytest.raises(InternalError, match="more than one lowering rule for aten"):
        merge([(op, rule), (op, rule)])


def test_a_rule_that_makes_the_wrong_type_is_found() -> None:
    from litewright.lowering.torch_to_stablehlo.composites import ModuleBuilder
    from litewright.lowering.torch_to_stablehlo.graph import lower_nodes

    captured = _capture("main", Call(torch.relu), torch.ones(2, 3))
    (node,) = captured.results
    with mlir.use(mlir.make_context()):
        module = ir.Module.create()
        broken = {torch.ops.aten.relu.default: lambda _, x: mlir.stablehlo.reshape(
            ir.RankedTensorType.get([3, 2], ir.F32Type.get()), x
        )}  # fmt: skip
        with ir.InsertionPoint(module.body):
            operand = mlir.stablehlo.constant(ir.DenseElementsAttr.get(np.ones((2, 3), np.float32)))
            values = {node.all_input_nodes[0]: operand}
            with pytest.raises(InternalError, match=r"made tensor<3x2xf32>.*\[2, 3\]"):
                lower_nodes(ModuleBuilder(module, broken), [node], values, [])
