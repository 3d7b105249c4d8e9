"""GPTQ and AWQ checkpoints: matrices as packed integers, which are handed on as they are where it can be.

A linear module `m` of such a checkpoint has no `m.weight`, but tensors of 32-bit words that hold 32 / bits
integers each, the lowest bits first, and float16 `m.scales` [groups, outputs]:

    GPTQ   qweight [inputs * bits / 32, outputs], packed along inputs; qzeros [groups, outputs * bits / 32];
           g_idx [inputs], the group of each input. `checkpoint_format` gptq stores zero points less one,
           gptq_v2 stores them as they are.
    AWQ    qweight [inputs, outputs / 8], packed along outputs, eight integers of a word in the order 0, 2,
           4, 6, 1, 3, 5, 7; qzeros [groups, outputs / 8] likewise. This is `version` gemm.

weight[o, i] = scales[g, o] * (q[i, o] - zero[g, o]), g being the group of input i.

Sources: AutoGPTQ, auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py (`pack`, `forward`), and GPTQModel for
gptq_v2; AutoAWQ, awq/modules/linear/gemm.py (`WQLinear_GEMM.from_linear`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import ml_dtypes
import numpy as np

import litewright

from .weights import Array, Source

_WORD = 32
_AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
_BLOCKS = (32, 64, 128, 256)
_SMALLEST_SCALE = 2.0**-14
"""The smallest normal number of 16 bits: kernels of the runtime refuse smaller scales of blocks."""
_LARGEST_SCALE = 65280.0
_BITS = {"gptq": (2, 4, 8), "awq": (4,)}


@dataclass(frozen=True, slots=True)
class Packing:
    """How a checkpoint packs its integers.

    Attributes:
        method: gptq or awq.
        bits: of an integer.
        group_size: inputs that share a scale; all of them if it is -1.
        zero_offset: what is to be added to a stored zero point.
    """

    method: Literal["gptq", "awq"]
    bits: int
    group_size: int
    zero_offset: int

    def unpacked(self, words: Array, axis: int) -> Array:
        """The integers of words, int8 or int16 for 8 bits, longer along `axis`."""
        count = _WORD // self.bits
        moved = np.moveaxis(words, axis, -1).astype(np.uint32)
        shifts = np.arange(count, dtype=np.uint32) * np.uint32(self.bits)
        parts = (moved[..., None] >> shifts) & np.uint32((1 << self.bits) - 1)
        if self.method == "awq":
            parts = parts[..., np.argsort(_AWQ_ORDER)]
        narrow = parts.astype(np.int16).reshape(*moved.shape[:-1], -1)
        return np.moveaxis(narrow, -1, axis)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Integers or scales of a packed matrix, read when they are wanted."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    of: PackedSource
    what: Literal["integers", "scales"]

    def read(self) -> Array:
        """Its values."""
        return self.of.signed() if self.what == "integers" else self.of.steps()


class PackedSource:
    """A matrix [outputs, inputs] that a checkpoint holds as packed integers.

    It reads as float32, and says what `litewright.convert` wants to know of matrices that come as integers:
    `why_not`, `why_unpacked`, `axis`, `block_size`, `integers` and `scales`.
    """

    axis: int | None = 0
    why_unpacked: str = ""

    def __init__(self, name: str, packing: Packing, tensors: Mapping[str, Source]) -> None:
        """Takes the tensors `qweight`, `qzeros`, `scales` and, for GPTQ, `g_idx`, which may be missing.

        Raises:
            UserError: their shapes do not belong together.
        """
        self._packing = packing
        self._tensors = tensors
        outputs = int(tensors["scales"].shape[-1])
        words, per_word = tensors["qweight"].shape, _WORD // packing.bits
        inputs = int(words[0]) * (per_word if packing.method == "gptq" else 1)
        size = packing.group_size if packing.group_size > 0 else inputs
        groups = -(-inputs // size)
        given = {key: tuple(tensors[key].shape) for key in ("qweight", "qzeros", "scales")}
        across = outputs // per_word
        fit = {
            "qweight": (inputs // per_word, outputs)
            if packing.method == "gptq"
            else (inputs, across),
            "qzeros": (groups, across),
            "scales": (groups, outputs),
        }
        for key, shape in fit.items():
            if given[key] != shape:
                raise litewright.UserError(
                    f"{name}.{key} is {list(given[key])}, not {list(shape)}, as {packing.method} with "
                    f"{packing.bits} bits and groups of {packing.group_size} has it"
                )
        self._size = size
        self.shape: tuple[int, ...] = (outputs, inputs)
        self.dtype = np.dtype(np.float32)
        self.block_size = size if packing.group_size > 0 else 0
        integer = np.dtype(ml_dtypes.int4) if self.block_size else np.dtype(np.int8)
        scale = np.dtype(np.float16) if self.block_size else np.dtype(np.float32)
        shape = (outputs, groups) if self.block_size else (outputs,)
        self.integers = _Part(self.shape, integer, self, "integers")
        self.scales = _Part(shape, scale, self, "scales")

    @cached_property
    def why_not(self) -> str:
        """Why the runtime cannot hold the integers; empty if it can. Reads all but the integers."""
        packing = self._packing
        if packing.bits != 4:
            return f"they have {packing.bits} bits, only those of 4 bits are kept"
        if self.block_size and self.block_size not in _BLOCKS:
            return f"groups of {self.block_size}; the runtime has blocks of 32, 64, 128 and 256"
        if self.block_size and self.shape[1] % self.block_size:
            return f"{self.shape[1]} inputs cannot be cut into groups of {self.block_size}"
        if not np.array_equal(self._groups(), np.arange(self.shape[1]) // self._size):
            return "groups are not of neighbouring inputs (desc_act)"
        if (self._zeros() != 8).any():
            return "zero points are not all 8, and the runtime wants symmetric weights"
        scales = self._tensors["scales"].read().astype(np.float32)
        if not ((scales >= _SMALLEST_SCALE) & (scales <= _LARGEST_SCALE)).all():
            return "a scale is beyond what the runtime takes (2^-14 to 65280)"
        return ""

    def read(self) -> Array:
        """The floats that the integers stand for."""
        groups = self._groups()
        scales = self._tensors["scales"].read().astype(np.float32)
        zeros = self._zeros().astype(np.float32)
        numbers = self._integers().astype(np.float32)
        numbers -= zeros[groups]
        numbers *= scales[groups]
        return np.ascontiguousarray(numbers.T)

    def signed(self) -> Array:
        """The integers less their zero point of 8, [outputs, inputs]."""
        low = np.ascontiguousarray((self._integers() - 8).T.astype(np.int8))
        return low.astype(self.integers.dtype, copy=False)

    def steps(self) -> Array:
        """The scales, as `scales` describes them."""
        turned = np.ascontiguousarray(self._tensors["scales"].read().T).astype(self.scales.dtype)
        return turned.reshape(self.scales.shape)

    def _integers(self) -> Array:
        """As stored, [inputs, outputs]."""
        axis = 0 if self._packing.method == "gptq" else 1
        return self._packing.unpacked(self._tensors["qweight"].read(), axis)

    def _zeros(self) -> Array:
        """[groups, outputs]."""
        stored = self._packing.unpacked(self._tensors["qzeros"].read(), 1)
        return stored + np.int16(self._packing.zero_offset)

    def _groups(self) -> Array:
        """The group of each input."""
        if "g_idx" in self._tensors:
            return self._tensors["g_idx"].read()
        return np.arange(self.shape[1]) // self._size


def packing_of(folder: Path, config: Mapping[str, Any] | None) -> Packing | None:
    """What the `quantization_config` of a config.json says; None if there is none, or none of ours to unpack.

    What torchao has quantised, `litewright.open_checkpoint` knows by itself.

    Raises:
        UserError: integers are packed in a way that is not known.
    """
    if not config:
        return None
    method = config.get("quant_method")
    if method == "torchao":
        return None
    if method not in _BITS:
        raise litewright.UserError(
            f"{folder}: quant_method {method!r} of config.json cannot be read; gptq, awq and torchao can, and "
            "checkpoints without a quantization_config"
        )
    bits = config.get("bits", config.get("w_bit"))
    known = _BITS[method]
    if bits not in known:
        raise litewright.UserError(
            f"{folder}: {method} with {bits} bits cannot be read; there is {', '.join(map(str, known))}"
        )
    form = config.get("checkpoint_format" if method == "gptq" else "version", None)
    forms = {"gptq": ("gptq", "gptq_v2"), "awq": ("gemm",)}[method]
    form = str(form or forms[0]).lower()
    if form not in forms:
        raise litewright.UserError(
            f"{folder}: {method} packed as {form!r} cannot be read; {' and '.join(forms)} can"
        )
    size = config.get("group_size", config.get("q_group_size", 128))
    if not isinstance(size, int) or (size < 1 and size != -1):
        raise litewright.UserError(f"{folder}: group_size {size!r} is no number of inputs, nor -1")
    return Packing(method, bits, size, 1 if form == "gptq" else 0)


def unpacked_names(stored: Mapping[str, Source], packing: Packing) -> dict[str, Source]:
    """The tensors of a checkpoint with `m.weight` for the packed tensors of each module `m`.

    Raises:
        UserError: packed tensors are missing, or their shapes do not belong together.
    """
    found = dict(stored)
    for name in stored:
        if not name.endswith(".qweight"):
            continue
        module = name.removesuffix(".qweight")
        keys = ("qweight", "qzeros", "scales", "g_idx")
        parts = {key: found.pop(f"{module}.{key}") for key in keys if f"{module}.{key}" in found}
        missing = [f"{module}.{key}" for key in keys[:3] if key not in parts]
        if missing:
            raise litewright.UserError(
                f"the checkpoint lacks {', '.join(missing)}: a file of it is missing, or its quantization_config "
                "speaks of another packing"
            )
        found[f"{module}.weight"] = PackedSource(module, packing, parts)
    return found
