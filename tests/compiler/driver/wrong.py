"""Passes, rules, lowerings and legalisations that are wrong, each in its own way."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from litewright.compiler.ir import cloning, hlo, tfl
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.types import element_of, is_complex, shape_of, tensor_type
from litewright.passes.core import Outcome, Pass, RewritePass, Rule, RuleContext, decline, rule


class Mlp(nn.Module):
    """Two blocks of three different activations, and a shortcut."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = Block(width)
        self.second = Block(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x)) + x


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, 160), nn.Linear(160, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.up(x))
        scaled = torch.tanh(hidden) * torch.sigmoid(hidden)
        return self.down(scaled)


def inside(op: ir.OpView, module: str) -> bool:
    """Whether an op comes from a module of the model."""
    from litewright.compiler.ir.origin import origin_of

    return origin_of(op.location).path == module


@rule("stablehlo.tanh")
def right_tanh(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh(x) -> -tanh(-x), which is right; done once."""
    if hlo.producer(op.operands[0]) is not None:
        source = hlo.producer(op.operands[0])
        if source is not None and op_name(source) == "stablehlo.negate":
            return decline("done already")
    return hlo.unary("negate", hlo.unary("tanh", hlo.unary("negate", op.operands[0])))


@rule("stablehlo.tanh")
def wrong_tanh(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh -> logistic, in one of two modules."""
    if not inside(op, "second"):
        return decline("elsewhere")
    return hlo.unary("logistic", op.operands[0])


@rule("tfl.mul")
def wrong_mul(op: ir.OpView, context: RuleContext) -> Outcome:
    """x * y -> x + y."""
    return tfl.emit("add", list(op.operands), op.results[0].type)


@rule("tfl.tanh")
def wrong_for_one_shape(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh(x) -> logistic(x), for three rows alone."""
    if shape_of(op.results[0])[0] != 3:
        return decline("only for three rows")
    return tfl.emit("logistic", list(op.operands), op.results[0].type)


@rule("stablehlo.tanh")
def wrong_legalisation(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh as the logistic function."""
    return tfl.emit("logistic", list(op.operands), op.results[0].type)


@rule("stablehlo.minimum")
def without_minimum(op: ir.OpView, context: RuleContext) -> Outcome:
    """min(x, y) -> x, which is right where x is small."""
    return op.operands[0]


@dataclass(frozen=True)
class RewriteTanh(RewritePass):
    """Rules that are right before one that is wrong."""

    def rules(self) -> tuple[Rule, ...]:
        return (wrong_tanh, right_tanh)


@rule("stablehlo.add")
def wrong_sum(op: ir.OpView, context: RuleContext) -> Outcome:
    """a + b -> the real part of that, and the difference of the imaginary ones."""
    one, other = op.operands
    if not is_complex(one):
        return decline("the numbers are real")
    real = hlo.add(hlo.real_part(one), hlo.real_part(other))
    imaginary = hlo.binary("subtract", hlo.imaginary_part(one), hlo.imaginary_part(other))
    return hlo.complex_of(real, imaginary)


@dataclass(frozen=True)
class WrongSums(RewritePass):
    """Wrong for complex numbers."""

    def rules(self) -> tuple[Rule, ...]:
        return (wrong_sum,)


@dataclass(frozen=True)
class HalveConstants(Pass[Program]):
    """Halves what is subtracted from, without rules: a pass that changes ops in place."""

    def run(self, unit: Program) -> bool:
        changed = False
        for function in unit.signatures():
            for op in list(body_of(function).operations):
                if op_name(op) == "stablehlo.logistic":
                    with ir.InsertionPoint.after(op), op.location:
                        negated = hlo.unary("negate", op.results[0])
                    inserted = hlo.producer(negated)
                    assert inserted is not None
                    op.results[0].replace_all_uses_except(negated, inserted.operation)
                    changed = True
        return changed


@dataclass(frozen=True)
class OnlyInLongPrograms(Pass[Program]):
    """tanh -> logistic, in the first block, if a signature has more ops than a part of it may have."""

    fewest: int

    def run(self, unit: Program) -> bool:
        changed = False
        for function in unit.signatures():
            ops = list(body_of(function).operations)
            for op in ops if len(ops) >= self.fewest else ():
                if op_name(op) == "stablehlo.tanh" and inside(op, "first"):
                    with ir.InsertionPoint(op), op.location:
                        op.results[0].replace_all_uses_with(hlo.unary("logistic", op.operands[0]))
                    op.erase()
                    changed = True
        return changed


@dataclass(frozen=True)
class SwapSigmoid(Pass[FxProgram]):
    """sigmoid -> tanh, in the FX graph."""

    def run(self, unit: FxProgram) -> bool:
        found = [
            node
            for node in unit.graph_module.graph.nodes
            if node.target is torch.ops.aten.sigmoid.default
        ]
        for node in found:
            node.target = torch.ops.aten.tanh.default
        return bool(found)


@dataclass(frozen=True)
class NothingWrong(RewritePass):
    """A pass that is right."""

    def rules(self) -> tuple[Rule, ...]:
        return (right_tanh,)


class Attention(nn.Module):
    """One head of attention between two projections."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.project(x).reshape(1, -1, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(attended.transpose(1, 2).flatten(2))


@rule("composite:aten.scaled_dot_product_attention")
def wrong_scale(op: ir.OpView, context: RuleContext) -> Outcome:
    """Attention as the delegate's own, told another scale than its decomposition has."""
    order = [0, 2, 1, 3]
    query, key, value = (hlo.transpose(each, order) for each in op.operands)
    length = shape_of(query)[1]
    mask = hlo.constant(np.zeros((1, 1, length, length), np.float32))
    callee = context.program.function(ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value)

    def build(values: object) -> list[ir.Value]:
        q, k, v, _ = values  # pyright: ignore[reportGeneralTypeIssues]
        inner = cloning.inline(callee, [hlo.transpose(each, order) for each in (q, k, v)])
        return [hlo.transpose(inner[0], order)]

    operands = [query, key, value, mask]
    name = hlo.private_function(
        context.program.module, "odml_attention", [o.type for o in operands], build
    )
    kind = tensor_type(shape_of(query), element_of(query))
    scale = ir.FloatAttr.get(ir.F32Type.get(), 0.05)
    (attended,) = hlo.composite(
        "odml.scaled_dot_product_attention", operands, [kind], {"scale": scale}, name
    )
    return hlo.transpose(attended, order)
