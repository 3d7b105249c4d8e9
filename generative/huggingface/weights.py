"""The tensors of a checkpoint under the names of the model's parameters, read when they are wanted.

transformers renames tensors, and puts some together from several (the experts of a mixture), by a table of
its own. The same table is read here, and its operations run a parameter at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

import litewright

from .library import WeightConverter, WeightRenaming, conversions_of, rename_source_key

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Source: TypeAlias = Any
"""A lazy tensor: `shape`, `dtype` and `read()`; `rows(start, stop)` if parts of it can be read."""

_TOLD = 8


@dataclass(frozen=True, slots=True, eq=False)
class MadeSource:
    """A parameter that is made of several tensors of a checkpoint. Compared by identity, as sources are.

    Attributes:
        name: the parameter's.
        shape: its dimensions.
        dtype: its element type.
        parts: the tensors that it is made of, by the pattern under which the converter knows them.
        converter: how; never run itself, only its copies, because it keeps what it is given.
        model: what the converter may ask for sizes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: Mapping[str, list[Source]]
    converter: Any
    model: nn.Module = field(repr=False)

    def read(self) -> Array:
        """Reads the parts and puts them together."""
        converter = copy.deepcopy(self.converter)
        for pattern, sources in self.parts.items():
            for source in sources:
                converter.add_tensor(self.name, self.name, pattern, _reader(source))
        called: Any = self.model
        made = converter.convert(self.name, model=called, config=called.config)
        # Some operations return a list of one.
        tensors: Any = made[self.name]
        return _array(tensors if isinstance(tensors, Tensor) else tensors[0])


@dataclass(frozen=True, slots=True, eq=False)
class ArraySource:
    """A parameter that is in memory: the model computes it (sinusoids of positions), or its file must be read whole.

    Attributes:
        array: its value.
    """

    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its element type."""
        return self.array.dtype

    def read(self) -> Array:
        """The value."""
        return self.array


def sources_of(model: nn.Module, folder: Path, stored: Mapping[str, Source]) -> dict[str, Source]:
    """A lazy tensor for each parameter of a model, and for each buffer that the checkpoint holds.

    Args:
        model: of transformers.
        folder: of the checkpoint, for messages.
        stored: its tensors.

    Raises:
        UserError: parameters are not in the checkpoint, or have another shape there; all of them are named.
    """
    wanted: dict[str, Tensor] = dict(model.state_dict())
    found = _under_names_of(model, stored, wanted)
    for group in _tied(model):
        known = next((name for name in group if name in found), None)
        if known is not None:
            found.update(dict.fromkeys(group, found[known]))
    called: Any = model
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    for path, module in modules:
        if hasattr(module, "create_weight") and f"{path}.weight" not in found:
            found[f"{path}.weight"] = _computed(model, module)
    _check(folder, model, found, wanted)
    return found


def _under_names_of(
    model: nn.Module, stored: Mapping[str, Source], wanted: Mapping[str, Tensor]
) -> dict[str, Source]:
    """What the checkpoint holds, by the names of the model."""
    transforms: list[Any] = conversions_of(model)
    renamings = [each for each in transforms if isinstance(each, WeightRenaming)]
    converters = [each for each in transforms if isinstance(each, WeightConverter)]
    by_pattern = {pattern: each for each in converters for pattern in each.source_patterns}
    called: Any = model
    prefix: str = called.base_model_prefix
    found: dict[str, Source] = {}
    made: dict[str, dict[str, list[Source]]] = {}
    for name in sorted(stored, key=_natural):
        target, pattern = rename_source_key(name, renamings, converters, prefix, dict(wanted))
        if target not in wanted and name in wanted:
            target, pattern = name, None
        if pattern is None:
            found[target] = stored[name]
        else:
            made.setdefault(target, {}).setdefault(pattern, []).append(stored[name])
    for target, parts in made.items():
        converter = by_pattern[next(iter(parts))]
        for name in _targets(target, converter):
            if name in wanted:
                dtype = next(iter(parts.values()))[0].dtype
                shape = tuple(wanted[name].shape)
                found[name] = MadeSource(name, shape, dtype, parts, converter, model)
    return found


def _targets(name: str, converter: Any) -> list[str]:
    """All that a converter makes beside the parameter `name`, which is named by its first target."""
    first, *others = converter.target_patterns
    return [name, *(name.replace(first, other) for other in others)]


def _tied(model: nn.Module) -> list[list[str]]:
    """Names of one parameter each, where it has several."""
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [group for group in names.values() if len(group) > 1]


def _computed(model: Any, module: nn.Module) -> ArraySource:
    """The weight of a module that says how it is made."""
    made = copy.deepcopy(module).to_empty(device="cpu")
    model._init_weights(made)
    return ArraySource(_array(made.get_parameter("weight").detach()))


def _check(
    folder: Path, model: nn.Module, found: Mapping[str, Source], wanted: Mapping[str, Tensor]
) -> None:
    parameters = dict(model.named_parameters(remove_duplicate=False))
    problems = [f"{name} is missing" for name in parameters if name not in found]
    problems += [
        f"{name} is {list(found[name].shape)}, not {list(parameter.shape)}"
        for name, parameter in parameters.items()
        if name in found and tuple(found[name].shape) != tuple(parameter.shape)
    ]
    if not problems:
        return
    unused = [name for name in found if name not in wanted]
    told = [*problems[:_TOLD], *([f"and {len(problems) - _TOLD} more"] if problems[_TOLD:] else [])]
    if unused:
        told.append(f"unused: {', '.join(unused[:_TOLD])}")
    raise litewright.UserError(
        "\n  ".join([f"{folder}: the checkpoint does not fit the model of its config.json:", *told])
    )


def _reader(source: Source) -> Callable[[], Tensor]:
    return lambda: tensor_of(source)


def tensor_of(source: Source) -> Tensor:
    """Reads a lazy tensor for torch."""
    return as_tensor(source.read())


def as_tensor(array: Array) -> Tensor:
    """An array for torch: bfloat16 by its bits, since NumPy has no such type of its own."""
    if array.dtype.name == "bfloat16":
        return torch.as_tensor(array.view(np.int16)).view(torch.bfloat16)
    return torch.as_tensor(array)


def _array(tensor: Tensor) -> Array:
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        return tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.contiguous().numpy()


def _natural(name: str) -> list[tuple[int, int | str]]:
    """Numbers in a name count as numbers: the tenth expert comes behind the ninth."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in name.split(".")]
