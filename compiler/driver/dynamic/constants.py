"""Constants that differ between sizes, as what computes them at run time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...capture import Sizes
from ...ir import tfl
from ...ir.mlir import Array, ir
from ...ir.tfl.shorthand import cast, constant_integers
from ...ir.types import DYNAMIC, element_type, tensor_type
from .emission import Emission
from .formulas import Formula, Ratio, fit, fit_ratio
from .tables import triangle_of, without_repetition

_MOST_ENTRIES = 64
"""Numbers of one constant that are computed one by one."""


class UnexplainedError(Exception):
    """A constant whose values at sizes that were not tried nobody can tell; says what it is."""


class Explanation:
    """Finds out what constants are at all sizes, and writes it at the current insertion point."""

    def __init__(self, sizes: Sequence[Sizes], emission: Emission, no_largest: str) -> None:
        """`sizes` are those of the probes at hand; `no_largest` says why the largest is not among them, if so."""
        self._sizes, self._emission, self._no_largest = sizes, emission, no_largest

    def grows(self, numbers: Sequence[int]) -> Formula | None:
        """The formula that a number follows; None if there is none."""
        return fit(numbers, self._sizes)

    def constant(self, arrays: Sequence[Array]) -> ir.Value:
        """What computes a constant, of its values at each of the probes.

        Raises:
            UnexplainedError: nothing does.
        """
        if len({array.shape for array in arrays}) == 1:
            if arrays[0].dtype.kind == "i":
                return self._numbers(arrays)
            if arrays[0].dtype == np.float32:
                return self._ratio(arrays)
            raise UnexplainedError(f"a constant of {arrays[0].dtype} has other values")
        kernels = without_repetition(arrays)
        made = self._kernel(kernels)
        if made is None:
            shapes = {array.shape: None for array in arrays}
            told = ", ".join(str(list(shape)) for shape in shapes)
            hint = f"; {self._no_largest}" if self._no_largest else ""
            raise UnexplainedError(
                f"constants of shapes {told} do not count up or down, and are not parts of a table that begins "
                f"like each of them{hint}"
            )
        return self._spread(made, [array.shape for array in arrays])

    def _kernel(self, arrays: Sequence[Array]) -> ir.Value | None:
        """What computes constants of unlike shapes; None if nothing does."""
        if len({array.shape for array in arrays}) == 1:
            same = all(array.tobytes() == arrays[0].tobytes() for array in arrays)
            return tfl.constant(arrays[0]) if same else self.constant(arrays)
        explanations = (self._count, self._triangle, self._leading)
        return next((made for each in explanations if (made := each(arrays)) is not None), None)

    def new_shape(self, vectors: Sequence[Sequence[int]]) -> ir.Value:
        """What RESHAPE is to make, with -1 for one of the numbers that differ: the one that needs most ops.

        Raises:
            UnexplainedError: several numbers follow no formula.
        """
        columns = list(zip(*vectors, strict=True))
        formulas = {n: self.grows(each) for n, each in enumerate(columns) if len(set(each)) > 1}
        left = max(formulas, key=lambda n: (self._emission.cost(formulas[n]), n))
        columns[left] = (-1,) * len(vectors)
        return self._emission.vector(self._entries(list(zip(*columns, strict=True))))

    def part(
        self, value: ir.Value, begin: Sequence[int], shapes: Sequence[tuple[int, ...]]
    ) -> ir.Value:
        """SLICE of a value that is known, as large as `shapes` at each of the probes.

        Raises:
            UnexplainedError: the shapes follow no formula.
        """
        sizes = self._emission.vector(self._entries(shapes))
        element = ir.RankedTensorType(value.type).element_type
        result = tensor_type(self.type_of(shapes), element)
        return tfl.emit("slice", [value, constant_integers(begin), sizes], result)

    def type_of(self, shapes: Sequence[tuple[int, ...]]) -> list[int]:
        """A shape in which dimensions that differ are dynamic."""
        return [
            sizes[0] if len(set(sizes)) == 1 else DYNAMIC for sizes in zip(*shapes, strict=True)
        ]

    def _entries(self, vectors: Sequence[Sequence[int]]) -> list[Formula | int]:
        """Numbers that are the same at all sizes, and formulas of the others."""
        entries: list[Formula | int] = []
        for numbers in zip(*vectors, strict=True):
            known = [int(number) for number in numbers]
            if len(set(known)) == 1:
                entries.append(known[0])
                continue
            formula = self.grows(known)
            if formula is None:
                told = ", ".join(map(str, known))
                raise UnexplainedError(f"a number that is {told} is no sum of multiples of sizes")
            entries.append(formula)
        return entries

    def _numbers(self, arrays: Sequence[Array]) -> ir.Value:
        """Integers, such as a shape."""
        flat = np.stack([array.reshape(-1) for array in arrays])
        if int((flat != flat[0]).any(0).sum()) > _MOST_ENTRIES:
            raise UnexplainedError("a table of integers has other values")
        entries = self._entries(flat.tolist())
        shape = arrays[0].shape
        if shape == ():
            assert not isinstance(entries[0], int), "a constant that differs"
            value = self._emission.scalar(entries[0])
        else:
            value = _reshaped(self._emission.vector(entries), shape)
        return cast(value, element_type(arrays[0].dtype))

    def _ratio(self, arrays: Sequence[Array]) -> ir.Value:
        """Floats in proportion to a size, or divided by one, such as the factor of a mean."""
        place = int(np.argmax(np.abs(arrays[0].reshape(-1))))
        values = [float(array.reshape(-1)[place]) for array in arrays]
        first = arrays[0].astype(np.float64)
        alike = values[0] and all(
            np.allclose(array * (values[0] / value), first, rtol=5e-7, atol=0) if value else False
            for array, value in zip(arrays, values, strict=True)
        )
        ratio = fit_ratio(values, self._sizes) if alike else None
        if ratio is None:
            told = ", ".join(f"{value:.9g}" for value in values)
            raise UnexplainedError(
                f"a number that is {told} is neither in proportion to a size nor divided by one"
            )
        return self._scaled(first, ratio)

    def _scaled(self, first: Array, ratio: Ratio) -> ir.Value:
        count = float(ratio.count.at(self._sizes[0]))
        numbers = first * count if ratio.divided else first / count
        # 1 / 3 of 32 bits, times 3, is 1 again.
        whole = np.rint(numbers)
        numbers = np.where(np.abs(numbers - whole) <= 2.0**-22 * np.abs(numbers), whole, numbers)
        f32 = element_type("f32")
        size = cast(self._emission.scalar(ratio.count), f32)
        operands = [tfl.constant(numbers.astype(np.float32)), size]
        kind = tensor_type(first.shape, f32)
        return tfl.emit("div" if ratio.divided else "mul", operands, kind)

    def _count(self, arrays: Sequence[Array]) -> ir.Value | None:
        """RANGE: whole numbers, one after another at an equal distance."""
        flats = [array.reshape(-1) for array in arrays]
        lines = all(max(array.shape) == array.size > 1 for array in arrays)
        if not lines or arrays[0].dtype.kind not in "if":
            return None
        exact = [flat.astype(np.int64) for flat in flats]
        step = int(exact[0][1] - exact[0][0])
        for flat, whole in zip(flats, exact, strict=True):
            counted = whole[0] + step * np.arange(whole.size)
            if not step or not (flat == whole).all() or not (whole == counted).all():
                return None
        limits = [int(whole[0]) + step * whole.size for whole in exact]
        start, limit = (self._scalar(n) for n in ([int(whole[0]) for whole in exact], limits))
        if start is None or limit is None:
            return None
        i32 = element_type("i32")
        made = tfl.emit("range", [start, limit, _whole(step)], tensor_type((DYNAMIC,), i32))
        made = cast(made, element_type(arrays[0].dtype))
        return _reshaped(made, self.type_of([array.shape for array in arrays]))

    def _triangle(self, arrays: Sequence[Array]) -> ir.Value | None:
        """SELECT_V2 by row and column: one number above a diagonal and another below it, as of a causal mask."""
        found = [triangle_of(array) for array in arrays]
        first = found[0]
        if first is None or any(each != first for each in found):
            return None
        rows, columns = (self._along(arrays, axis) for axis in first.axes)
        if rows is None or columns is None:
            return None
        if first.diagonal:
            rows = tfl.emit("add", [rows, _whole(first.diagonal)], rows.type)
        shape = self.type_of([array.shape for array in arrays])
        above = tfl.emit("greater_equal", [columns, rows], tensor_type(shape, element_type("i1")))
        dtype = arrays[0].dtype
        numbers = [tfl.constant(np.array(each, dtype)) for each in (first.above, first.below)]
        kind = tensor_type(shape, element_type(dtype))
        return tfl.emit("select_v2", [above, *numbers], kind)

    def _along(self, arrays: Sequence[Array], axis: int) -> ir.Value | None:
        """Numbers of rows or columns, along their dimension."""
        limit = self._scalar([array.shape[axis] for array in arrays])
        if limit is None:
            return None
        kind = tensor_type((DYNAMIC,), element_type("i32"))
        made = tfl.emit("range", [_whole(0), limit, _whole(1)], kind)
        return _reshaped(made, [DYNAMIC if n == axis else 1 for n in range(arrays[0].ndim)])

    def _scalar(self, numbers: Sequence[int]) -> ir.Value | None:
        if len(set(numbers)) == 1:
            return _whole(numbers[0])
        formula = self.grows(numbers)
        return None if formula is None else self._emission.scalar(formula)

    def _spread(self, value: ir.Value, shapes: Sequence[tuple[int, ...]]) -> ir.Value:
        """BROADCAST_TO, if it is wanted."""
        kind = tensor_type(self.type_of(shapes), ir.RankedTensorType(value.type).element_type)
        if kind == value.type:
            return value
        wanted = self._emission.vector(self._entries(shapes))
        return tfl.emit("broadcast_to", [value, wanted], kind)

    def _leading(self, arrays: Sequence[Array]) -> ir.Value | None:
        """SLICE of the constant at the largest size."""
        if self._no_largest:
            return None
        table = arrays[-1]
        for array in arrays:
            part = table[tuple(slice(0, size) for size in array.shape)]
            if part.shape != array.shape or part.tobytes() != array.tobytes():
                return None
        shapes = [array.shape for array in arrays]
        return self.part(tfl.constant(table), [0] * table.ndim, shapes)


def _whole(number: int) -> ir.Value:
    return tfl.constant(np.array(number, np.int32))


def _reshaped(value: ir.Value, shape: Sequence[int]) -> ir.Value:
    """A vector in another shape, of which one dimension may be dynamic."""
    if len(shape) == 1:
        return value
    wanted = [-1 if size == DYNAMIC else size for size in shape]
    element = ir.RankedTensorType(value.type).element_type
    return tfl.emit("reshape", [value, constant_integers(wanted)], tensor_type(shape, element))
