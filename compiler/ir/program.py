"""A program: one MLIR module, the weights beside it, and the conventions that tie them together.

* Every public `func.func` is a signature, named as the caller named it.
* An argument with `litewright.name` is an input of that name; one with `litewright.weight` is a
  weight, named by its symbol in the `WeightStore`. Inputs come first. Every result has
  `litewright.name`.
* A signature with `litewright.any_size` is one of several that differ in sizes, and are to be one function
  for all sizes in the end: what is right by the accident of a size must not be said of it.
* Private functions are the decompositions of composites.

Weights are arguments, never data: a program of gigabytes is a module of kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..weights import Expression, WeightStore
from .mlir import func, ir, op_name
from .types import dtype_of, shape_of, tensor_type

NAME = "litewright.name"
WEIGHT = "litewright.weight"
ANY_SIZE = "litewright.any_size"


@dataclass(eq=False)
class Program:
    """A module with its weights. The module's context must be current while it is worked on.

    Attributes:
        module: StableHLO, tfl, or (half way through legalisation) both.
        weights: what the weight arguments of the functions stand for.
    """

    module: ir.Module
    weights: WeightStore

    @property
    def context(self) -> ir.Context:
        """The context that owns the module."""
        return self.module.context

    def functions(self) -> Iterator[func.FuncOp]:
        """All functions, signatures and decompositions, in order."""
        return (op for op in list(self.module.body.operations) if isinstance(op, func.FuncOp))

    def signatures(self) -> list[func.FuncOp]:
        """The public functions, in order."""
        return [f for f in self.functions() if is_signature(f)]

    def signature(self, name: str) -> func.FuncOp:
        """The signature of that name.

        Raises:
            KeyError: there is none.
        """
        found = self.function(name)
        if not is_signature(found):
            raise KeyError(name)
        return found

    def function(self, name: str) -> func.FuncOp:
        """The function of that name.

        Raises:
            KeyError: there is none.
        """
        for function in self.functions():
            if function.name.value == name:
                return function
        raise KeyError(name)

    def interface(self) -> tuple[str, ...]:
        """What a caller sees: each signature, and names, dtypes and shapes of its inputs and results."""
        lines: list[str] = []
        for function in self.signatures():
            lines.append(f"signature {function.name.value}")
            # The attributes are read once, not once an argument: this runs around every pass.
            names = _input_names(function)
            arguments = zip(function.arguments, names, strict=False)
            lines += [
                f"input {name} {describe_type(a)}" for a, name in arguments if name is not None
            ]
            lines += [f"result {name} {describe_type(v)}" for name, v in results_of(function)]
        return tuple(lines)

    def __str__(self) -> str:
        """The whole module as text, weights by their symbols."""
        return str(self.module)

    def weight_argument(self, function: func.FuncOp, expression: Expression) -> ir.Value:
        """The argument of `function` that stands for `expression`, added where there is none yet."""
        symbol = self.weights.derive(expression)
        for argument in function.arguments:
            if weight_symbol(argument) == symbol:
                return argument
        kind = self.weights.type_of(symbol)
        return add_argument(function, tensor_type(kind.shape, kind.dtype), {WEIGHT: symbol})


def is_signature(function: func.FuncOp) -> bool:
    """Whether a function is public."""
    visibility = function.attributes.get("sym_visibility")
    return visibility is None or ir.StringAttr(visibility).value == "public"


def body_of(function: func.FuncOp) -> ir.Block:
    """The only block of a function."""
    return function.regions[0].blocks[0]


def weight_symbol(value: ir.Value) -> str | None:
    """The symbol of a weight argument; None for any other value."""
    return _argument_attribute(value, WEIGHT)


def input_name(value: ir.Value) -> str | None:
    """The name of an input argument; None for any other value."""
    return _argument_attribute(value, NAME)


def inputs_of(function: func.FuncOp) -> list[ir.BlockArgument]:
    """The arguments that the caller feeds."""
    return [a for a in function.arguments if weight_symbol(a) is None]


def weights_of(function: func.FuncOp) -> list[ir.BlockArgument]:
    """The arguments that stand for weights."""
    return [a for a in function.arguments if weight_symbol(a) is not None]


def results_of(function: func.FuncOp) -> list[tuple[str, ir.Value]]:
    """Name and value of every result."""
    terminator = list(body_of(function).operations)[-1]
    names = [ir.StringAttr(a[NAME]).value for a in map(ir.DictAttr, function.result_attrs)]
    return list(zip(names, terminator.operands, strict=True))


def owner_function(value: ir.Value) -> func.FuncOp:
    """The function in whose body a value lives."""
    owner = value.owner
    op = owner.owner if isinstance(owner, ir.Block) else owner.parent
    while op is not None and op_name(op) != "func.func":
        op = op.parent
    view = op.opview if isinstance(op, ir.Operation) else op
    assert isinstance(view, func.FuncOp), "a value outside any function"
    return view


def add_argument(
    function: func.FuncOp, kind: ir.Type, attributes: dict[str, str]
) -> ir.BlockArgument:
    """Appends an argument with string attributes to a function."""
    location = ir.Location.name(next(iter(attributes.values())))
    argument = body_of(function).add_argument(kind, location)
    entry = ir.DictAttr.get({k: ir.StringAttr.get(v) for k, v in attributes.items()})
    own = function.attributes.get("arg_attrs")
    entries: list[ir.Attribute] = list(ir.ArrayAttr(own)) if own is not None else []
    empty = ir.DictAttr.get({})
    entries += [empty] * (len(function.arguments) - 1 - len(entries))
    refresh_type(function)
    function.attributes["arg_attrs"] = ir.ArrayAttr.get([*entries, entry])
    return argument


def refresh_type(function: func.FuncOp) -> None:
    """Sets the function's type from its arguments and the operands of its return."""
    operations = list(body_of(function).operations)
    returns = operations[-1:] if operations and op_name(operations[-1]) == "func.return" else []
    results = [v.type for op in returns for v in op.operands]
    kind = ir.FunctionType.get([a.type for a in function.arguments], results)
    function.attributes["function_type"] = ir.TypeAttr.get(kind)


def drop_unused_weights(function: func.FuncOp) -> bool:
    """Removes weight arguments that nothing reads; says whether there were any."""
    unused = [a.arg_number for a in weights_of(function) if next(iter(a.uses), None) is None]
    if not unused:
        return False
    entries = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
    for number in reversed(unused):
        body_of(function).erase_argument(number)
        del entries[number]
    refresh_type(function)
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)
    return True


def describe_type(value: ir.Value) -> str:
    """`f32[1,128,384]`, the way messages and tables print a type."""
    return f"{dtype_of(value)}[{','.join(map(str, shape_of(value)))}]"


def set_result_names(function: func.FuncOp, names: Sequence[str]) -> None:
    """Names the results of a function."""
    entries = [ir.DictAttr.get({NAME: ir.StringAttr.get(name)}) for name in names]
    function.attributes["res_attrs"] = ir.ArrayAttr.get(entries)


def _input_names(function: func.FuncOp) -> list[str | None]:
    """By argument, its name if it is an input; None for a weight."""
    own = function.attributes.get("arg_attrs")
    entries = [ir.DictAttr(each) for each in ir.ArrayAttr(own)] if own is not None else []
    return [ir.StringAttr(each[NAME]).value if NAME in each else None for each in entries]


def _argument_attribute(value: ir.Value, key: str) -> str | None:
    owner = value.owner
    if not isinstance(owner, ir.Block):
        return None
    function = owner.owner
    if op_name(function) != "func.func" or "arg_attrs" not in function.attributes:
        return None
    entries = ir.ArrayAttr(function.attributes["arg_attrs"])
    number = ir.BlockArgument(value).arg_number
    if number >= len(entries):
        return None
    entry = ir.DictAttr(entries[number])
    return ir.StringAttr(entry[key]).value if key in entry else None
