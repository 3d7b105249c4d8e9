"""A bisection as one small Python file that fails while what was found is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from litewright.compiler.diagnostics import UserError, WriteError
from litewright.compiler.inspect.eager import held_tensors, tensor_of_array
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram, Input
from litewright.compiler.ir.mlir import Array
from litewright.compiler.ir.program import Program, weight_symbol, weights_of
from litewright.compiler.ir.types import element_type
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.store import ArraySource
from litewright.compiler.weights.torch_source import array_of_tensor

from ..loading import PlaceholderSource
from .case import Case, difference_after
from .cuts import Unit
from .findings import Bisection
from .references import import_of, reference_to_pass, reference_to_rule
from .replaying import encode, random_inputs, with_weights
from .samples import Choice, inputs_for

# What is longer goes to a file beside the script, in bytes.
_INLINE = 20_000


def write_reproducer(found: Bisection, path: Path) -> list[Path]:
    """Writes the script, and what is too long for it beside it.

    The script exits with 1 while the step is wrong, and with 0 once it is right.

    Returns:
        The files written.

    Raises:
        UserError: nothing was found, or nothing smaller than the whole model.
        WriteError: a file cannot be written.
    """
    case, culprit = found.case, found.culprit
    if culprit is None:
        raise UserError("nothing is wrong, so there is nothing to reproduce")
    if case is None:
        raise UserError(f"{culprit.step}: no part of the model is wrong by itself")
    head = _docstring(found)
    if isinstance(case.part, FxProgram):
        lines, beside = _of_graph(case, case.part, path)
    else:
        lines, beside = _of_program(case, case.part, path)
    files = {path: "\n".join([head, *lines, ""]).encode(), **beside}
    try:
        for each, data in files.items():
            each.write_bytes(data)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
    return list(files)


def _docstring(found: Bisection) -> str:
    culprit = found.culprit
    assert culprit is not None, "asked before"
    lines = [f"{culprit.step} makes numbers wrong."]
    if culprit.region is not None:
        rules = [f"Rule: {each}." for each in dict.fromkeys(culprit.region.rules)]
        lines += ["", f"First wrong op: {culprit.region.op}.", *rules]
        lines += [f"By itself: {culprit.region.difference}."]
    lines += ["", "Written by `litewright bisect`. Exits with 1 while it is wrong."]
    text = "\n".join(lines).replace("\\", "/").replace('"""', "'''")
    return f'"""{text}\n"""\n'


# ---- programs ------------------------------------------------------------------------------------


def _of_program(case: Case, part: Program, path: Path) -> tuple[list[str], dict[Path, bytes]]:
    text = _text(part)
    beside: dict[Path, bytes] = {}
    names = "replay, array"
    if len(text) > _INLINE:
        file = path.with_suffix(".mlir")
        beside[file] = text.encode()
        program = [f"PROGRAM = Path(__file__).with_name({file.name!r})"]
    else:
        program = ['PROGRAM = r"""', text.strip(), '"""']
    arrays, data = _arrays(_needed(case, part), path)
    beside |= data
    step, imports, extra = _step(case)
    names = ", ".join(sorted({"replay", *extra, *({"array"} if arrays else set())}))
    return [
        "import sys",
        *(["from pathlib import Path"] if beside else []),
        *(["import numpy as np"] if data else []),
        "",
        f"from litewright.compiler.driver.bisect.replaying import {names}",
        *(line for line in imports if line != "import sys"),
        "",
        *program,
        *arrays,
        "",
        f"sys.exit(replay(PROGRAM, {step}, {'ARRAYS, ' if arrays else ''}tolerance={case.tolerance!r}))",
    ], beside


def _text(part: Program) -> str:
    return part.module.operation.get_asm(
        enable_debug_info=True, use_local_scope=True, use_name_loc_as_prefix=True
    )


def _step(case: Case) -> tuple[str, tuple[str, ...], set[str]]:
    """The step as an expression, what it imports, and what it needs of the replaying module."""
    if case.step.kind == "delegate":
        return "Delegate()", (), {"Delegate"}
    if case.step.kind == "lowering":
        known = [reference_to_rule(each) for each in case.options.extensions.legalisations]
        rules = [each for each in known if each is not None]
        given = "".join(f"{each.expression}, " for each in rules)
        imports = tuple(dict.fromkeys(line for each in rules for line in each.imports))
        more = f", ({given.strip()})" if given else ""
        return f"Legalise({case.options.target.name!r}{more})", imports, {"Legalise"}
    item = case.step.item
    found = None if item is None else reference_to_pass(item)
    if found is None:
        return (
            "STEP",
            (f"STEP = ...  # pass {case.step.name}, which no module has by a name",),
            set(),
        )
    return found.expression, found.imports, set()


def _needed(case: Case, part: Program) -> dict[str, Array]:
    """Inputs and weights; those that may as well be random numbers are left out."""
    with mlir.use(part.context):
        function = part.signature(case.step.signature)
        symbols = [weight_symbol(argument) or "" for argument in weights_of(function)]
        drawn = random_inputs(part, case.step.signature)
    whole = {**case.inputs, **{symbol: part.weights.read(symbol) for symbol in symbols}}
    kept = {name: array for name, array in case.inputs.items() if array.dtype.kind in "biu"}
    if _is_wrong(case, part, drawn | kept, symbols):
        return kept
    return whole


def _is_wrong(case: Case, part: Program, inputs: Mapping[str, Array], symbols: list[str]) -> bool:
    """Whether the step is wrong on these inputs and on random weights."""
    kinds = {symbol: part.weights.type_of(symbol) for symbol in symbols}
    drawn = {s: PlaceholderSource(s, k.shape, k.dtype).read() for s, k in kinds.items()}
    with mlir.use(part.context):
        other = with_weights(_over_leaves(part, symbols), drawn)
    return _differs(case, other, inputs)


def _differs(case: Case, part: Unit, inputs: Mapping[str, Array]) -> bool:
    try:
        assert case.step.apply is not None, "parts are of steps that can be repeated"
        expected = case.step.run_before(part, inputs)
        after = case.step.apply(part, ())
        found = difference_after(case.step, after, inputs, expected, case.tolerance)
    except Exception:  # noqa: BLE001 (then the true numbers are written)
        return False
    return case.tolerance < found.error < float("inf")


def _over_leaves(part: Program, symbols: list[str]) -> Program:
    """The part with each of its weights a tensor by itself."""
    store = WeightStore()
    for symbol in symbols:
        kind = part.weights.type_of(symbol)
        store.add(symbol, ArraySource(np.empty(kind.shape, kind.dtype)))
    return Program(part.module, store)


# ---- arrays --------------------------------------------------------------------------------------


def _arrays(arrays: Mapping[str, Array], path: Path) -> tuple[list[str], dict[Path, bytes]]:
    """Arrays as a dict in Python, their bytes in it or beside it."""
    if not arrays:
        return [], {}
    texts = {name: encode(each) for name, each in arrays.items()}
    if sum(map(len, texts.values())) > _INLINE:
        return _beside(arrays, path)
    lines = ["ARRAYS = {"]
    for name, each in arrays.items():
        lines.append(f"    {name!r}: array({_element(each)!r}, {each.shape},")
        text = texts[name]
        lines += [f"        {text[n : n + 96]!r}" for n in range(0, len(text), 96)]
        lines.append("    ),")
    return [*lines, "}"], {}


def _beside(arrays: Mapping[str, Array], path: Path) -> tuple[list[str], dict[Path, bytes]]:
    file = path.with_suffix(".bin")
    lines = [f"DATA = Path(__file__).with_name({file.name!r}).read_bytes()", "ARRAYS = {"]
    data = b""
    for name, each in arrays.items():
        raw = np.ascontiguousarray(each).tobytes()
        place = f"DATA[{len(data)}:{len(data) + len(raw)}]"
        lines.append(f"    {name!r}: array({_element(each)!r}, {each.shape}, {place}),")
        data += raw
    return [*lines, "}"], {file: data}


def _element(array: Array) -> str:
    with mlir.use(mlir.make_context()):
        return str(element_type(array.dtype))


# ---- graphs --------------------------------------------------------------------------------------


def _of_graph(case: Case, part: FxProgram, path: Path) -> tuple[list[str], dict[Path, bytes]]:
    # What the module held is an input too: the script has no module to hold it.
    opened, values = _opened(case, part)
    drawn = _drawn(case, opened, values)
    is_random = _differs(case, opened, drawn)
    needed = {n: v for n, v in values.items() if not is_random or v.dtype.kind in "biu"}
    arrays, beside = _arrays(needed, path)
    plan, imports = _plan(case)
    samples = [
        f"tensor_of_array(ARRAYS[{name!r}])"
        if name in needed
        else f"torch.empty({tuple(each.shape)}, dtype={tensor_of_array(each).dtype})"
        for name, each in values.items()
    ]
    tools = ["from litewright.compiler.driver.bisect.replaying import array"] if arrays else []
    tools += ["from litewright.compiler.inspect.eager import tensor_of_array"] if arrays else []
    how = "" if is_random else "use_samples=True, "
    return [
        "import sys",
        *(["from pathlib import Path"] if beside else []),
        "",
        "import torch",
        "from torch import device, inf, nan",
        "",
        "import litewright",
        *tools,
        *(line for line in imports if line != "import sys"),
        "",
        *arrays,
        "",
        "class Part(torch.nn.Module):",
        textwrap.indent(part.graph_module.code.strip(), "    "),
        "",
        "",
        "# Floating-point inputs are random numbers, whatever the samples hold."
        if is_random
        else "",
        f"samples = ({', '.join(samples)},)",
        f"found = litewright.bisect(Part().eval(), samples, {how}tolerance={case.tolerance!r}, {plan})",
        "print(found)",
        "sys.exit(found.culprit is not None)",
    ], beside


def _opened(case: Case, part: FxProgram) -> tuple[FxProgram, dict[str, Array]]:
    """The part with all that it reads as inputs, and their values."""
    held = held_tensors(part, case.step.weights)
    values = {each.placeholder: case.inputs[each.name] for each in part.inputs}
    values |= {name: array_of_tensor(tensor) for name, tensor in held.items()}
    order = list(part.placeholders)
    inputs = tuple(Input(name, name) for name in order)
    opened = FxProgram(part.name, part.graph_module, inputs, part.outputs, {})
    return opened, {name: values[name] for name in order}


def _drawn(case: Case, opened: FxProgram, values: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs that a bisection of the script takes by itself."""
    samples = [tensor_of_array(each) for each in values.values()]
    return inputs_for(opened, case.step.signature, Choice(), samples)


def _plan(case: Case) -> tuple[str, tuple[str, ...]]:
    """The argument `passes`, and what must be imported."""
    item = case.step.item
    if item is not None:
        found = reference_to_pass(item)
        if found is None:
            return "passes=STEP", (f"STEP = ...  # a plan with pass {item.name}",)
        return f"passes=litewright.PassPlan(fx=({found.expression},))", found.imports
    modules = dict.fromkeys(rule.__module__ for _, rule in case.options.extensions.lowerings)
    return "passes=litewright.EMPTY", tuple(line for name in modules for line in import_of(name))
