"""Every pass on tfl, on modules of several shapes: that it fires, and that the numbers stay.

Each module is converted without any pass; the passes that prepare it and the pass under test are all
that run. `tests/passes/tfl/text` has a case for every reason to fire and not to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.driver import build, presets
from litewright.compiler.driver.plan import leaves
from litewright.compiler.extend import EMPTY
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.passes.tfl.merge_constants import MergeConstants
from tests.support.laws import assert_laws
from tests.support.programs import ops_of
from tests.support.tolerances import TOLERANCES, relative_error

BY_NAME = {each.name: each for each in leaves(presets.DEFAULT.tfl)}


class Computes(nn.Module):
    """A function of parameters and an input as a module."""

    def __init__(self, function: Callable[..., Any], *shapes: Sequence[int]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(torch.randn(tuple(shape)) for shape in shapes)
        self.function = function

    def forward(self, x: Tensor) -> Any:
        """x: any shape."""
        return self.function(x, *self.weights)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x: [1, heads, T, H], in halves."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


def _attention_inputs(x: Tensor, q: Tensor, k: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
    """x: [1, T, hidden] -> rotated and scaled queries and keys [1, heads, T, H]."""
    cos, sin = (table * x.mean()).chunk(2, -1)
    width = cos.shape[-1]
    heads = [F.linear(x, w).view(*x.shape[:2], -1, width).transpose(1, 2) for w in (q, k)]
    queries, keys = (_rotate(each, cos, sin) for each in heads)
    return queries * 0.3, keys


def rotary(length: int, heads: int, groups: int, width: int) -> nn.Module:
    """Queries and keys as a decoder computes them."""
    shapes = [(heads * width, 16), (groups * width, 16), (length, 2 * width)]
    return Computes(_attention_inputs, *shapes)


@dataclass(frozen=True)
class Case:
    """A pass, the modules it is run on with the shapes of their inputs, and the passes before it."""

    apply: str
    modules: Sequence[tuple[nn.Module, tuple[int, ...]]]
    before: Sequence[str] = ()


def _normalised(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    scale = torch.linspace(-2.0, 2.0, w.shape[0])
    return (F.linear(x, w) * scale + b) * scale


def _convolved(x: Tensor, w: Tensor) -> Tensor:
    return F.relu(F.conv2d(F.relu6(F.conv2d(x, w, padding=1)) + 1, w, padding=1))


def _moved(x: Tensor) -> Tensor:
    return x.flatten(1).view(x.shape[0], -1, x.shape[1]).transpose(1, 2).transpose(0, 1)


def _product(x: Tensor, w: Tensor) -> Tensor:
    return x @ (w + x.mean()).transpose(-1, -2)


def _shifted(x: Tensor) -> Tensor:
    return x + torch.linspace(-1.0, 1.0, x.shape[-1]).expand(x.shape) * 2


def _seen_twice(x: Tensor) -> tuple[Tensor, Tensor]:
    """Half of x, changed in one shape and read in another."""
    half = x.tanh() * 0.5
    return (half.reshape(-1, 2) + 0.7).exp(), half.reshape(2, -1).exp()


def _clamped(x: Tensor, w: Tensor) -> Tensor:
    return torch.clamp(F.linear(x, w), 0.0, 6.0) + torch.clamp(x, -1.0, 1.0).mean()


def _spelt_gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x.pow(3))))


def _flattened(x: Tensor, w: Tensor) -> Tensor:
    return F.linear(x.flatten(0, -2), w).view(*x.shape[:-1], -1)


def _unsqueezed(x: Tensor, w: Tensor) -> Tensor:
    return torch.tanh(x) * (w + x.mean())[None]


def _stepped(x: Tensor) -> Tensor:
    return x[..., ::2] - x[..., 1::2]


def _selected(x: Tensor) -> Tensor:
    return x[:, [1, 2]] * x[:, [-1]]


def _looked_up(x: Tensor, table: Tensor) -> Tensor:
    return table[x.argmax(-1)]


def _grouped(x: Tensor, w: Tensor) -> Tensor:
    """x: [1, heads, T, H]; w: [1, groups, S, H]."""
    repeats = x.shape[1] // w.shape[1]
    keys = (w + x.mean())[:, :, None].expand(-1, -1, repeats, -1, -1).flatten(1, 2)
    return x @ keys.transpose(2, 3)


def _scores(x: Tensor, w: Tensor) -> Tensor:
    heads = F.linear(x, w).view(*x.shape[:2], -1, 4).transpose(1, 2)
    return heads @ x[:, None, :, :4].transpose(-1, -2) / 1.7


def _twice_scaled(x: Tensor) -> Tensor:
    return (
        x * torch.linspace(-1.0, 1.0, x.shape[-1]) * 0.3 + 1.5 + torch.linspace(0, 2, x.shape[-1])
    )


SMALL = ("simplify-shapes", "absorb-broadcasts")
ROTARY = [(rotary(5, 4, 2, 8), (1, 5, 16)), (rotary(1, 3, 1, 4), (1, 1, 16))]
CONVOLUTIONS = [
    (Computes(_convolved, (4, 4, 3, 3)), (1, 4, 6, 5)),
    (Computes(_convolved, (3, 3, 1, 1)), (2, 3, 4, 4)),
]
LINEAR = [
    (Computes(_normalised, (6, 8), (6,)), (3, 8)),
    (Computes(_normalised, (3, 4), (3,)), (2, 5, 4)),
]
CASES = [
    Case("eliminate-common-subexpressions", ROTARY),
    Case(
        "simplify-shapes",
        [
            (Computes(_moved), (2, 3, 4)),
            (Computes(_moved), (1, 5, 2, 3)),
            (Computes(_flattened, (4, 5)), (2, 3, 5)),
        ],
    ),
    Case("absorb-broadcasts", [*LINEAR, *ROTARY]),
    Case(
        "simplify-reductions",
        [
            (Computes(lambda x: x.sum(-1, keepdim=True) / x.shape[-1]), (3, 8)),
            (Computes(lambda x: x.var(1, keepdim=True, unbiased=False)), (2, 5, 4)),
        ],
        SMALL,
    ),
    Case(
        "shrink-constants", [(Computes(_shifted), (3, 8)), (Computes(_shifted), (2, 5, 4))], SMALL
    ),
    Case("fold-negations", ROTARY, SMALL),
    Case("sink-transposes", CONVOLUTIONS, SMALL),
    Case("hoist-scales", ROTARY, (*SMALL, "fold-negations")),
    Case(
        "hoist-scales",
        [(Computes(_scores, (8, 6)), (1, 3, 6)), (Computes(_scores, (4, 5)), (1, 1, 5))],
        SMALL,
    ),
    Case("fold-scales", LINEAR, SMALL),
    Case("fuse-biases", LINEAR, (*SMALL, "fold-scales")),
    Case(
        "fuse-projections",
        ROTARY,
        (
            *SMALL,
            "fold-negations",
            "hoist-scales",
            "fold-scales",
            "eliminate-common-subexpressions",
        ),
    ),
    Case(
        "fuse-rotations",
        ROTARY,
        (
            *(*SMALL, "fold-negations", "hoist-scales", "fold-scales"),
            *("eliminate-common-subexpressions", "fuse-projections"),
        ),
    ),
    Case(
        "absorb-transposes",
        [
            (Computes(_product, (2, 4, 6)), (2, 3, 6)),
            (Computes(_product, (1, 2, 5, 4)), (1, 2, 3, 4)),
        ],
        SMALL,
    ),
    Case(
        "absorb-reshapes",
        [
            (Computes(_unsqueezed, (4, 5)), (2, 4, 5)),
            (Computes(_unsqueezed, (3,)), (2, 3)),
        ],
        SMALL,
    ),
    Case("unstride-slices", [(Computes(_stepped), (3, 8)), (Computes(_stepped), (2, 3, 6))]),
    Case("fold-indices", [(Computes(_selected), (2, 3)), (Computes(_selected), (2, 5, 4))]),
    Case(
        "look-up-rows",
        [
            (Computes(_looked_up, (8, 6)), (3, 8)),
            (Computes(_looked_up, (5, 2, 3)), (2, 4, 5)),
        ],
    ),
    Case(
        "absorb-repeats",
        [
            (Computes(_grouped, (1, 2, 5, 4)), (1, 6, 3, 4)),
            (Computes(_grouped, (1, 1, 3, 8)), (1, 4, 1, 8)),
        ],
        (*SMALL, "absorb-transposes"),
    ),
    Case(
        "merge-constants",
        [(Computes(_twice_scaled), (3, 8)), (Computes(_twice_scaled), (2, 5, 4))],
        SMALL,
    ),
    Case("fuse-gelu", [(Computes(_spelt_gelu), (3, 8)), (Computes(_spelt_gelu), (2, 5, 4))], SMALL),
    Case(
        "fuse-activations",
        [(Computes(_clamped, (6, 8)), (3, 8)), *CONVOLUTIONS],
        (*SMALL, "sink-transposes", "simplify-shapes"),
    ),
]


# How many ops a pass may add, for the sake of those that no delegate takes.
MORE = {"look-up-rows": 2, "unstride-slices": 4, "absorb-repeats": 1}


def test_every_pass_has_a_case() -> None:
    # What only some targets, checkpoints or recipes want is tested with these; and below, what ends every conversion.
    elsewhere = {"fit-target", "keep-integers", "move-integers", "fuse-quantized"}
    elsewhere |= {"keep-read-values"}
    assert {case.apply for case in CASES} >= set(BY_NAME) - elsewhere


@pytest.mark.parametrize(
    ("case", "number"),
    [(case, number) for case in CASES for number in range(len(case.modules))],
    ids=lambda each: each.apply if isinstance(each, Case) else str(each),
)
def test_the_pass_fires_and_keeps_the_numbers(case: Case, number: int) -> None:
    module, shape = case.modules[number]
    program = litewright.convert(module.eval(), (torch.randn(shape),), passes=EMPTY).program
    with mlir.use(program.context):
        for name in case.before:
            BY_NAME[name].run(program)
        before = sum(ops_of(program).values())
        assert assert_laws(BY_NAME[case.apply], program), "the pass changed nothing"
        assert sum(ops_of(program).values()) <= before + MORE.get(case.apply, 0)


@pytest.mark.parametrize("shape", [(3, 8), (2, 5, 4)])
def test_whatever_the_plan_kernels_overwrite_nothing_that_is_read(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, x = Computes(_seen_twice).eval(), torch.randn(shape)
    expected = [each.numpy() for each in module(x)]

    def error() -> float:
        litewright.convert(module, (x,), passes=EMPTY).export(tmp_path / "m.tflite")
        made: Any = Runner(tmp_path / "m.tflite", delegate=False).call([x.numpy()])
        return max(map(relative_error, made.values(), expected))

    assert error() <= TOLERANCES["float32 model"]
    monkeypatch.setattr(build, "KeepReadValues", MergeConstants)
    assert error() > 10 * TOLERANCES["float32 model"]
