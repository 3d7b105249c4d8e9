"""What a lowering rule gets beside its operands."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import Op, op_of, value_of
from litewright.compiler.ir.types import shape_of, tensor_type

from .composites import Attribute, CompositeKey, Decompose, ModuleBuilder, composite
from .elements import Operand, as_tensor, element_of_dtype


class CannotLowerError(Exception):
    """A rule's refusal: the op is known, this form of it is not. The message is the reason."""


@dataclass(slots=True)
class LoweringContext:
    """What a lowering rule may look at, and what it may call.

    Attributes:
        builder: the module that is being written.
        node: the node being lowered.
    """

    builder: ModuleBuilder
    node: Node

    @property
    def op(self) -> Op:
        """The op that is being lowered."""
        op = op_of(self.node)
        assert op is not None, f"{self.node} has been checked to have a rule"
        return op

    # ---- what the op yields ----

    @property
    def out(self) -> torch.Tensor:
        """The node's fake result: shape and dtype of what the rule has to return."""
        return value_of(self.node)

    @property
    def outs(self) -> Sequence[torch.Tensor]:
        """The fake results of an op with several."""
        return value_of(self.node)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.out.shape)

    @property
    def element(self) -> ir.Type:
        """The element type of the result."""
        return element_of_dtype(self.out.dtype)

    @property
    def type(self) -> ir.Type:
        """The type of the result."""
        return tensor_type(self.shape, self.element)

    # ---- operands ----

    def cast(self, *operands: Operand, element: ir.Type | None = None) -> list[ir.Value]:
        """Operands broadcast to the shape of the result, in its element type or in `element`."""
        kind = self.element if element is None else element
        return [as_tensor(operand, self.shape, kind) for operand in operands]

    def common_element(self, *operands: Operand) -> ir.Type:
        """The element type in which torch compares or combines the node's first operands."""
        given = zip(self.node.args, operands, strict=False)
        kinds: list[Any] = [value_of(a) if isinstance(a, Node) else v for a, v in given]
        return element_of_dtype(torch.result_type(kinds[0], kinds[1]))

    # ---- composites ----

    def composite(
        self,
        name: str,
        operands: Sequence[ir.Value | None],
        attributes: Mapping[str, Attribute],
        decompose: Decompose,
        results: Sequence[ir.Type] | None = None,
        *,
        form: Hashable = (),
    ) -> list[ir.Value]:
        """A `stablehlo.composite` whose decomposition function `decompose` writes.

        Composites of equal name, attributes, types and form share one function: what `decompose`
        builds must depend on nothing else.

        Args:
            name: of the composite.
            operands: its operands; None where an optional one is absent.
            attributes: Python values, turned to MLIR attributes by their type.
            decompose: builds the results from the operands, None for absent ones.
            results: their types; the node's own result where left out.
            form: what else the decomposition depends on.
        """
        kinds = tuple(None if each is None else each.type for each in operands)
        made = tuple(results or [self.type])
        key = CompositeKey(name, tuple(sorted(attributes.items())), kinds, made, form)
        return composite(self.builder, key, operands, decompose)

    def refuse(self, reason: str) -> CannotLowerError:
        """The exception to raise where the op has no lowering in this form."""
        return CannotLowerError(reason)

    def user_error(self, reason: str) -> UserError:
        """The exception to raise for a model that cannot be right."""
        return UserError(f"{origin_of_node(self.node)}: {reason}")


def fits(value: ir.Value, fake: torch.Tensor) -> bool:
    """Whether a value has the shape and element type of a fake tensor."""
    kind = ir.RankedTensorType(value.type)
    return shape_of(kind) == tuple(fake.shape) and kind.element_type == element_of_dtype(fake.dtype)
