"""`Runner`: a .tflite on LiteRT, called by names with NumPy arrays."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from ..cores import check_threads
from ..diagnostics import FormatError, UserError
from .delegation import Delegation, place
from .engines import BoundCall, CompiledEngine, InterpreterEngine
from .latency import Latency, measure
from .quiet import hushed
from .reorder import with_subgraph_first
from .signatures import SignatureInfo, TensorInfo, describe, read_signatures

Array = np.ndarray[Any, np.dtype[Any]]


class Runner:
    """A loaded model.

    Attributes:
        signatures: what can be called, by name, in the order of the file.
    """

    def __init__(
        self,
        model: str | Path | bytes,
        *,
        delegate: bool = True,
        threads: int | None = None,
        engine: Literal["interpreter", "compiled"] = "interpreter",
    ) -> None:
        """Loads a model.

        Args:
            model: a path, whose file is mapped, or the bytes of a file.
            delegate: whether the XNNPACK delegate takes the ops it can.
            threads: of the kernels and the delegate; None leaves it to LiteRT, which takes one.
            engine: which interface of LiteRT runs it. Only "interpreter" verifies the file.

        Raises:
            UserError: the file cannot be read, or `threads` is no positive number.
            FormatError: LiteRT does not accept the model, or it has no signatures.
        """
        check_threads(threads)
        self._model = model if isinstance(model, bytes) else Path(model)
        self._delegate, self._threads = delegate, threads
        kind = InterpreterEngine if engine == "interpreter" else CompiledEngine
        self._engine = kind(self._model, delegate=delegate, threads=threads)
        self.signatures = signatures_of(self._model)

    def signature(self, name: str | None = None) -> SignatureInfo:
        """The signature of that name, or the only one.

        Raises:
            UserError: there is none, or several and no name was given.
        """
        known = ", ".join(map(repr, self.signatures))
        if name is None:
            if len(self.signatures) == 1:
                return next(iter(self.signatures.values()))
            raise UserError(f"the model has several signatures, say which: {known}")
        if name not in self.signatures:
            raise UserError(f"no signature {name!r}; the model has {known}")
        return self.signatures[name]

    def run(self, inputs: Mapping[str, Array], signature: str | None = None) -> dict[str, Array]:
        """Runs a signature.

        Args:
            inputs: an array per input, by name, of exactly its dtype and of a shape it accepts.
            signature: its name; may be left out if there is only one.

        Returns:
            An array per output, by name, in the order of the file.

        Raises:
            UserError: an input is missing, unknown, or of another dtype or shape; or LiteRT failed.
        """
        info = self.signature(signature)
        return self._engine.run(info, check_inputs(info, inputs))

    def call(
        self,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None,
        signature: str | None = None,
    ) -> Array | dict[str, Array]:
        """Runs a signature the way a function is called.

        Args:
            args: inputs in the order of the signature; anything `np.asarray` takes.
            kwargs: inputs by name.
            signature: its name; may be left out if there is only one.

        Returns:
            The array itself where the signature has one output, else as `run`.

        Raises:
            UserError: too many positional inputs, one given twice, or as `run`.
        """
        info = self.signature(signature)
        outputs = self.run(_by_name(info, args, kwargs or {}), info.name)
        return outputs if len(outputs) > 1 else next(iter(outputs.values()))

    def delegation(self, signature: str | None = None) -> Delegation:
        """Which ops of a signature the delegate took, as LiteRT itself decides it.

        Raises:
            UserError: no such signature, or LiteRT failed to prepare it.
        """
        info = self.signature(signature)
        # The interpreter shows the ops of its first subgraph only.
        model = with_subgraph_first(self._model, info.subgraph)
        engine = InterpreterEngine(model, delegate=self._delegate, threads=self._threads)
        try:
            with hushed():
                engine.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"LiteRT cannot prepare {info.name!r}: {error}") from error
        return place(engine.interpreter._get_ops_details())

    def latency(
        self,
        inputs: Mapping[str, Array],
        signature: str | None = None,
        *,
        seconds: float = 1.0,
    ) -> Latency:
        """Times a signature on inputs that lie in LiteRT's buffers already.

        Args:
            inputs: as for `run`.
            signature: its name; may be left out if there is only one.
            seconds: about how long to measure.

        Raises:
            UserError: as `run`.
        """
        with hushed():
            return measure(self.bind(inputs, signature), seconds=seconds)

    def bind(self, inputs: Mapping[str, Array], signature: str | None = None) -> BoundCall:
        """A signature on inputs that lie in LiteRT's buffers already: what to call when it is timed.

        What goes in and comes out under one name, as a cache does, is written in place, as applications do it.

        Args:
            inputs: as for `run`.
            signature: its name; may be left out if there is only one.

        Raises:
            UserError: as `run`.
        """
        info = self.signature(signature)
        checked = check_inputs(info, inputs)
        with hushed():
            engine = CompiledEngine(self._model, delegate=self._delegate, threads=self._threads)
            return engine.bind(info, checked, in_place=True)


def signatures_of(model: Path | bytes) -> Mapping[str, SignatureInfo]:
    """The signatures of a model that LiteRT has accepted, by name, in the order of the file.

    Raises:
        UserError: the file cannot be read.
        FormatError: no .tflite, or one without signatures.
    """
    found = read_signatures(model if isinstance(model, bytes) else _map(model))
    return MappingProxyType({each.name: each for each in found})


def check_inputs(signature: SignatureInfo, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs as C-contiguous arrays, in the order of the signature.

    Raises:
        UserError: names all inputs that are missing, unknown, or of another dtype or shape.
    """
    expected = {each.name: each for each in signature.inputs}
    given = {name: np.require(value, requirements="C") for name, value in inputs.items()}
    problems = [
        *(f"input {n!r} is missing: {expected[n]}" for n in expected if n not in given),
        *(f"there is no input {n!r}" for n in given if n not in expected),
        *(_mismatch(expected[n], given[n]) for n in expected if n in given),
    ]
    told = [problem for problem in problems if problem]
    if told:
        takes = ", ".join(f"{each.name}: {each}" for each in signature.inputs)
        head = f"wrong inputs for signature {signature.name!r}, which takes ({takes})"
        raise UserError("\n  ".join([head, *told]))
    return {name: given[name] for name in expected}


def _by_name(
    signature: SignatureInfo, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Array]:
    names = [each.name for each in signature.inputs]
    if len(args) > len(names):
        raise UserError(
            f"signature {signature.name!r} has {len(names)} inputs ({', '.join(names)}), "
            f"{len(args)} were given by position"
        )
    twice = [name for name in names[: len(args)] if name in kwargs]
    if twice:
        raise UserError(f"given by position and by name: {', '.join(map(repr, twice))}")
    positional = dict(zip(names, args, strict=False))
    return {name: np.asarray(value) for name, value in {**positional, **kwargs}.items()}


def _mismatch(info: TensorInfo, array: Array) -> str:
    if array.dtype == info.dtype and info.accepts(array.shape):
        return ""
    hint = ""
    if array.dtype != info.dtype and info.accepts(array.shape):
        hint = f"; array.astype(np.{info.dtype}) makes it fit"
    got = describe(array.dtype, array.shape)
    return f"input {info.name!r} must be {info}, not {got}{hint}"


def _map(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # an empty file cannot be mapped
        raise FormatError(f"{path} is empty") from error
