"""The public calls: convert, signature, compile, read. Their shape is that of ai_edge_torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .diagnostics import UserError
from .driver.build import build
from .driver.calibration import CalibrationData
from .driver.extensions import Extensions, effective, plan_for
from .driver.model import EdgeModel, read
from .driver.options import Options, Weights, target_of
from .driver.plan import PassPlan
from .driver.quantization import QuantConfig, with_recipe
from .driver.request import ExportedRequest, ModuleRequest, Request
from .driver.stages import Progress
from .flags import flags
from .ir.observer import Observer
from .targets import Target

if TYPE_CHECKING:
    import torch

__all__ = ["Converter", "EdgeModel", "compile", "convert", "read", "signature"]

DEFAULT_SIGNATURE = "serving_default"

DynamicShapes = Mapping[str, Any] | Sequence[Any]
"""As `torch.export.export` takes it."""

Passes = PassPlan | Sequence[object]
"""A plan, or passes beside the default ones: instances or classes of `Pass`, rules, or `place(...)`."""


@dataclass(frozen=True, slots=True)
class Converter:
    """Signatures collected so far. Immutable: `signature` returns a longer one.

    Attributes:
        requests: in the order in which the file will hold them.
    """

    requests: tuple[ModuleRequest, ...] = ()

    def signature(
        self,
        name: str,
        module: torch.nn.Module,
        sample_args: Sequence[Any] | None = None,
        sample_kwargs: Mapping[str, Any] | None = None,
        *,
        dynamic_shapes: DynamicShapes | None = None,
    ) -> Converter:
        """Adds a signature.

        Args:
            name: how callers of the file will name it.
            module: in evaluation mode; signatures may share a module, and with it its weights.
            sample_args: positional arguments of `forward`; their shapes and dtypes become the signature's.
            sample_kwargs: its keyword arguments; their names become the names of inputs.
            dynamic_shapes: which dimensions callers choose; see `litewright.convert`.

        Raises:
            UserError: there is a signature of that name already, or the samples are no sequence and mapping.
        """
        if any(request.name == name for request in self.requests):
            raise UserError(
                f"signature {name!r} is given twice; every signature needs a name of its own"
            )
        args = _sample_args(sample_args)
        request = ModuleRequest(name, module, args, dict(sample_kwargs or {}), dynamic_shapes)
        return Converter((*self.requests, request))

    def convert(
        self,
        module: torch.nn.Module | None = None,
        sample_args: Sequence[Any] | None = None,
        sample_kwargs: Mapping[str, Any] | None = None,
        *,
        dynamic_shapes: DynamicShapes | None = None,
        quant_config: QuantConfig | None = None,
        calibration_data: CalibrationData | None = None,
        target: str | Target = "cpu",
        weights: Weights | None = None,
        passes: Passes | None = None,
        composites: Sequence[object] = (),
        dump_ir: str | os.PathLike[str] | None = None,
        observers: Sequence[Observer[Any]] = (),
        progress: Progress | None = None,
    ) -> EdgeModel:
        """Converts the signatures collected, and `module` as `serving_default` where one is given.

        See `litewright.convert` for the arguments.
        """
        converter = self
        if module is not None:
            converter = self.signature(
                DEFAULT_SIGNATURE, module, sample_args, sample_kwargs, dynamic_shapes=dynamic_shapes
            )
        elif dynamic_shapes is not None:
            raise UserError(
                "dynamic_shapes without a module: give it to signature() with the module's own"
            )
        if not converter.requests:
            raise UserError("nothing to convert: add a signature first")
        options = _options(
            target,
            weights=weights,
            quant_config=quant_config,
            calibration_data=calibration_data,
            passes=passes,
            composites=composites,
            dump_ir=dump_ir,
            observers=observers,
            progress=progress,
        )
        return build(converter.requests, options)


def signature(
    name: str,
    module: torch.nn.Module,
    sample_args: Sequence[Any] | None = None,
    sample_kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: DynamicShapes | None = None,
) -> Converter:
    """Begins a model of several signatures; see `Converter.signature`."""
    return Converter().signature(
        name, module, sample_args, sample_kwargs, dynamic_shapes=dynamic_shapes
    )


def convert(
    module: torch.nn.Module,
    sample_args: Sequence[Any] | None = None,
    sample_kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: DynamicShapes | None = None,
    quant_config: QuantConfig | None = None,
    calibration_data: CalibrationData | None = None,
    target: str | Target = "cpu",
    weights: Weights | None = None,
    passes: Passes | None = None,
    composites: Sequence[object] = (),
    dump_ir: str | os.PathLike[str] | None = None,
    observers: Sequence[Observer[Any]] = (),
    progress: Progress | None = None,
) -> EdgeModel:
    """Converts a module to a model with the one signature `serving_default`.

    Args:
        module: in evaluation mode. Parameters may be on the meta device if `weights` holds them.
        sample_args: positional arguments of `forward`; their shapes and dtypes become the signature's.
        sample_kwargs: keyword arguments of `forward`.
        dynamic_shapes: which dimensions callers of the model choose, each time anew, in the form of
            `torch.export`: by argument, `{0: Dim("batch", max=64)}` or a tuple of a Dim or None per dimension,
            nested as the arguments are. All others are those of the samples.
        quant_config: how weights are quantised: a recipe of `litewright.quantize`, the name of a ready one
            (`int4_block32`), or a JSON file.
        calibration_data: samples for algorithms that look at what weights are multiplied by (`gptq`): an
            iterable of tuples of inputs or of mappings of names to inputs; by signature, where there are
            several.
        target: where the model is to run: `cpu` or `gpu`, or a target of your own.
        weights: a checkpoint (folder or .safetensors file) or a mapping of parameter names to lazy tensors;
            it replaces the values of the module's parameters. Element types are cast to the module's.
        passes: passes to run beside the default ones (decorated with `register_pass`, or from `place`), or a
            `PassPlan`, which is taken as it is.
        composites: patterns and module classes to mark beside those that are registered; see
            `litewright.composites`.
        dump_ir: a folder that receives every stage and pass as numbered text files.
        observers: look on while passes run; see `litewright.compiler.ir.observer`.
        progress: told the name of every stage, and how much of it is done where that is known.

    Raises:
        UserError: the module, samples, options or weights cannot be used.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered; all of them are listed.
    """
    return Converter().convert(
        module,
        sample_args,
        sample_kwargs,
        dynamic_shapes=dynamic_shapes,
        quant_config=quant_config,
        calibration_data=calibration_data,
        target=target,
        weights=weights,
        passes=passes,
        composites=composites,
        dump_ir=dump_ir,
        observers=observers,
        progress=progress,
    )


def compile(  # noqa: A001
    programs: Mapping[str, torch.export.ExportedProgram],
    *,
    quant_config: QuantConfig | None = None,
    calibration_data: CalibrationData | None = None,
    target: str | Target = "cpu",
    weights: Weights | None = None,
    passes: Passes | None = None,
    composites: Sequence[object] = (),
    dump_ir: str | os.PathLike[str] | None = None,
    observers: Sequence[Observer[Any]] = (),
    progress: Progress | None = None,
) -> EdgeModel:
    """Converts programs that the caller has exported, by signature name; for exporters built on top.

    See `convert` for the arguments and errors. Parameters of the programs may be on the meta device, or fake,
    if `weights` holds them. Dimensions that were dynamic in the export are so in the model.
    """
    if not programs:
        raise UserError("nothing to compile: give at least one exported program")
    requests: list[Request] = [ExportedRequest(name, each) for name, each in programs.items()]
    options = _options(
        target,
        weights=weights,
        quant_config=quant_config,
        calibration_data=calibration_data,
        passes=passes,
        composites=composites,
        dump_ir=dump_ir,
        observers=observers,
        progress=progress,
    )
    return build(requests, options)


def _options(
    target: str | Target,
    *,
    weights: Weights | None,
    quant_config: QuantConfig | None,
    calibration_data: CalibrationData | None,
    passes: Passes | None,
    composites: Sequence[object],
    dump_ir: str | os.PathLike[str] | None,
    observers: Sequence[Observer[Any]],
    progress: Progress | None,
) -> Options:
    extensions = effective().plus(Extensions(composites=tuple(composites)))
    extensions.check()
    return Options(
        weights=weights,
        target=target_of(target, extensions),
        plan=with_recipe(plan_for(passes, extensions), quant_config, calibration_data, progress),
        extensions=extensions,
        dump_ir=Path(dump_ir) if dump_ir is not None else None,
        observers=observers,
        progress=progress,
        flags=flags(),
    )


def _sample_args(sample_args: Sequence[Any] | None) -> tuple[Any, ...]:
    if sample_args is None:
        return ()
    if not isinstance(sample_args, (tuple, list)):
        kind = type(sample_args).__name__
        raise UserError(
            f"sample_args must be a tuple of arguments, not {kind}; for one tensor write (x,)"
        )
    return tuple(sample_args)
