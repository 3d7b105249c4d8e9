"""A checkpoint folder as a model without values and lazy tensors that are its values."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

import litewright

from .descriptions import configuration_of, reason
from .library import AutoModelForCausalLM, AutoModelForMultimodalLM, no_init_weights
from .packed import packing_of, unpacked_names
from .weights import Source, sources_of, tensor_of


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A model in Hugging Face layout.

    Attributes:
        folder: where it lies.
        model: of transformers, or around one, in evaluation mode, in float32, with its parameters on the meta device.
        weights: their values by name, read when they are wanted.
    """

    folder: Path
    model: nn.Module
    weights: dict[str, Source]

    @property
    def config(self) -> Any:
        """The configuration of the model, of transformers."""
        called: Any = self.model
        return called.config

    @property
    def holds_integers(self) -> bool:
        """Whether any matrix comes as integers that the file keeps, so that it is quantised without a recipe."""
        sources: list[Any] = list(self.weights.values())
        return any(getattr(each, "why_not", None) == "" for each in sources)


def open_checkpoint(
    folder: str | os.PathLike[str],
    models: Sequence[Any] = (AutoModelForCausalLM, AutoModelForMultimodalLM),
) -> Checkpoint:
    """Opens a checkpoint: only its configuration and the headers of its files are read.

    Args:
        folder: holds `config.json` and safetensors files; of quantised ones, those of GPTQ, AWQ and torchao
            can be read.
        models: classes of transformers that build models; the first that knows the configuration does.

    Raises:
        UserError: there is no such checkpoint, its integers are packed in a way that is not known,
            transformers does not know the architecture, or tensors are missing or of another shape than the
            model's (all of them are named).
        FormatError: a file is no sound safetensors file.
    """
    return with_values(model_without_values(folder, models), folder)


def with_values(model: nn.Module, folder: str | os.PathLike[str]) -> Checkpoint:
    """A model without values, and those that a checkpoint holds for it; see `open_checkpoint`."""
    root = Path(folder)
    weights = sources_of(model, root, _stored(model, root))
    for name, buffer in model.named_buffers():
        if name in weights:
            buffer.copy_(tensor_of(weights[name]))
    return Checkpoint(root, model, weights)


def _stored(model: nn.Module, root: Path) -> Mapping[str, Source]:
    """The tensors of the files; matrices of packed integers under the names that they have as floats."""
    called: Any = model
    packing = packing_of(root, getattr(called.config, "quantization_config", None))
    stored = litewright.open_checkpoint(root)
    return stored if packing is None else unpacked_names(stored, packing)


def model_without_values(folder: str | os.PathLike[str], models: Sequence[Any]) -> nn.Module:
    """The model of a `config.json`, with its parameters on the meta device; see `open_checkpoint`."""
    root = Path(folder)
    config = configuration_of(root)
    try:
        # The first that does not know it says so best.
        knowing = [each for each in models if type(config) in each._model_mapping] or models
        with parameters_on_meta(), no_init_weights():
            model = knowing[0].from_config(config, dtype=torch.float32)
    except Exception as error:  # what is wrong in a configuration makes it raise anything
        raise litewright.UserError(
            f"{root}: transformers cannot build the model of config.json: {reason(error)}"
        ) from error
    model.tie_weights()
    return model.eval().requires_grad_(False)


@contextlib.contextmanager
def parameters_on_meta() -> Generator[None]:
    """Parameters that modules register have no storage; buffers do, since no checkpoint holds most of them."""
    register = nn.Module.register_parameter

    def register_on_meta(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        if param is not None:
            param = nn.Parameter(param.to("meta"), requires_grad=False)
        register(self, name, param)

    nn.Module.register_parameter = register_on_meta
    try:
        yield
    finally:
        nn.Module.register_parameter = register
