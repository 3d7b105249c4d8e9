"""The search for what made a number wrong, on conversions that are wrong in known places."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.debugging import bisect
from litewright.compiler.driver.bisect import Bisection, Culprit, Region
from litewright.compiler.driver.extensions import REGISTRY
from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.targets import XNNPACK
from litewright.compiler.weights.torch_source import TorchSource
from litewright.passes.core import Pass
from tests.compiler.driver import wrong
from tests.support.slow import slow_but

HERE = Path(wrong.__file__).name


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


def mlp(rows: int = 2) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    return wrong.Mlp().eval(), (torch.ones(rows, 8),)


def found_in(found: Bisection) -> tuple[Culprit, Region]:
    assert found.culprit is not None, str(found)
    assert found.culprit.region is not None, str(found)
    assert json.dumps(found.as_json())
    return found.culprit, found.culprit.region


def line_of(text: str) -> str:
    """`wrong.py:12` for the line that contains a text."""
    lines = Path(wrong.__file__).read_text().splitlines()
    return f"{HERE}:{next(n for n, line in enumerate(lines, 1) if text in line)}"


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    module, args = mlp()
    found = bisect(module, args, passes=[litewright.place(wrong.NothingWrong, stage="stablehlo")])
    assert found.culprit is None, str(found)
    assert "no step leaves the tolerance" in str(found)
    assert "passes that changed nothing)" in str(found)
    steps = [each.step for each in found.errors]
    assert steps[0] == "capture"
    assert steps[-2:] == ["write the file", "run on the delegate"]
    assert "pass nothing-wrong (StableHLO)" in steps
    errors = [each.error for each in found.errors if each.error is not None]
    assert 0 < max(errors) < 1e-5


def test_an_input_may_have_a_name_of_pythons_own() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Sigmoid()).eval()
    passes = [litewright.place(wrong.SwapSigmoid, stage="fx")]
    culprit, region = found_in(bisect(module, (torch.randn(3, 6),), passes=passes))
    assert (culprit.step, region.op.op) == ("pass swap-sigmoid (FX)", "aten.sigmoid.default")


def test_a_wrong_rule_among_right_ones_on_stablehlo() -> None:
    module, args = mlp()
    culprit, region = found_in(
        bisect(module, args, passes=[litewright.place(wrong.RewriteTanh, stage="stablehlo")])
    )
    assert culprit.step == "pass rewrite-tanh (StableHLO)"
    assert [each.rule for each in region.rules] == ["wrong-tanh"]
    assert region.op.op == "stablehlo.tanh"
    assert region.op.module == "second"
    assert region.op.source.endswith(line_of("torch.tanh(hidden)"))
    assert len(region.ops) == 1
    assert "stablehlo.logistic" in region.after


def test_a_wrong_rule_on_tfl() -> None:
    module, args = mlp()
    found = bisect(module, args, passes=[litewright.place(wrong.wrong_mul, stage="tfl")])
    culprit, region = found_in(found)
    assert culprit.step == "pass wrong-mul (tfl)"
    assert culprit.delegate_agrees is False
    assert [each.rule for each in region.rules] == ["wrong-mul"]
    assert region.op.module == "first"
    assert region.op.source.endswith(line_of("torch.tanh(hidden)"))
    text = str(found)
    assert "rule    wrong-mul at tfl.mul" in text
    assert "tfl.add" in text


def test_a_pass_without_rules() -> None:
    module, args = mlp()
    culprit, region = found_in(
        bisect(module, args, passes=[litewright.place(wrong.HalveConstants, stage="stablehlo")])
    )
    assert culprit.step == "pass halve-constants (StableHLO)"
    assert region.op.op == "stablehlo.logistic"
    assert region.op.module == "first"
    assert not region.rules


@pytest.mark.parametrize("fewest", slow_but((12,), (12, 24)))
def test_a_pass_that_is_wrong_on_much_of_a_program_alone(fewest: int) -> None:
    module, args = mlp()
    item = wrong.OnlyInLongPrograms(fewest)
    found = bisect(module, args, passes=[litewright.place(item, stage="stablehlo")])
    culprit, region = found_in(found)
    assert culprit.step == "pass only-in-long-programs (StableHLO)"
    assert (region.op.op, region.op.module) == ("stablehlo.tanh", "first")


def test_a_wrong_imaginary_part() -> None:
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.view_as_real(torch.complex(x, x) + torch.complex(-x, x.tanh()))

    passes = [litewright.place(wrong.WrongSums, stage="stablehlo", before="split-complex")]
    culprit, region = found_in(bisect(Sum(), (torch.randn(3, 4),), passes=passes))
    assert (culprit.step, region.op.op) == ("pass wrong-sums (StableHLO)", "stablehlo.add")


def test_an_fx_pass() -> None:
    module, args = mlp()
    culprit, region = found_in(
        bisect(module, args, passes=[litewright.place(wrong.SwapSigmoid, stage="fx")])
    )
    assert culprit.step == "pass swap-sigmoid (FX)"
    assert region.op.op == "aten.sigmoid.default"
    assert region.op.module == "first"
    assert region.op.source.endswith(line_of("torch.tanh(hidden)"))


@pytest.mark.parametrize(("rows", "is_wrong"), [(3, True), (4, False)])
def test_a_rule_that_is_wrong_for_one_shape(rows: int, is_wrong: bool) -> None:
    module, args = mlp(rows)
    passes = [litewright.place(wrong.wrong_for_one_shape, stage="tfl")]
    found = bisect(module, args, passes=passes)
    assert (found.culprit is not None) == is_wrong, str(found)
    if is_wrong:
        culprit, region = found_in(found)
        assert culprit.name == "wrong-for-one-shape"
        assert region.op.op == "tfl.tanh"


def test_the_signature_that_is_wrong_is_named() -> None:
    torch.manual_seed(0)
    module = wrong.Mlp().eval()
    signatures = litewright.signature("two", module, (torch.ones(2, 8),)).signature(
        "three", module, (torch.ones(3, 8),)
    )
    passes = [litewright.place(wrong.wrong_for_one_shape, stage="tfl")]
    culprit, _ = found_in(bisect(signatures, passes=passes))
    assert culprit.signature == "three"


def test_a_wrong_legalisation() -> None:
    litewright.register_legalisation(wrong.wrong_legalisation)
    module, args = mlp()
    culprit, region = found_in(bisect(module, args))
    assert culprit.step == "lower to tfl"
    assert region.op.op == "stablehlo.tanh"
    assert region.op.module == "first"
    assert "wrong-legalisation" in [each.rule for each in region.rules]


def test_what_is_wrong_on_the_delegate_alone() -> None:
    litewright.register_legalisation(wrong.wrong_scale)
    name = "odml.scaled_dot_product_attention"
    target = replace(XNNPACK, name="cpu-composites", emits=frozenset({name}), composites={name: ()})
    torch.manual_seed(0)
    module = wrong.Attention().eval()
    found = bisect(module, (torch.ones(1, 6, 8),), target=target)
    culprit, region = found_in(found)
    assert culprit.step == "run on the delegate"
    assert region.op.op == "stablehlo.composite"
    assert name in region.before


def test_a_wrong_lowering() -> None:
    library = torch.library.Library("acme_bisect", "DEF")
    library.define("double(Tensor x) -> Tensor")
    library.impl("double", lambda x: x * 2, "CompositeExplicitAutograd")
    torch.library.register_fake("acme_bisect::double", torch.empty_like, lib=library)
    op = torch.ops.acme_bisect.double.default

    @litewright.register_lowering(op)
    def double(context: object, x: ir.Value) -> ir.Value:
        return hlo.add(hlo.add(x, x), x)

    class Doubled(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(torch.ops.acme_bisect.double(torch.sin(x)))

    culprit, region = found_in(bisect(Doubled().eval(), (torch.ones(2, 3),)))
    assert culprit.step == "lower to StableHLO"
    assert region.op.op == "acme_bisect.double.default"
    assert region.op.source.endswith("test_bisect.py:" + str(double_line()))


def double_line() -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if "torch.tanh(torch.ops.acme_" in line)


def test_files_are_searched_from_where_they_start(tmp_path: Path) -> None:
    module, args = mlp()
    dumps, path = tmp_path / "ir", tmp_path / "model.tflite"
    litewright.convert(module, args, dump_ir=dumps).export(path)
    passes = [litewright.place(wrong.wrong_mul, stage="tfl")]
    for source in (dumps, next(dumps.glob("*_stablehlo.mlir")), next(dumps.glob("*_tfl.mlir"))):
        assert bisect(source).culprit is None
        assert found_in(bisect(source, passes=passes))[0].name == "wrong-mul"
    assert [each.step for each in bisect(path).errors] == [
        "start",
        "write the file",
        "run on the delegate",
    ]


def test_views_of_what_passes_have_taken_copies_from_are_run() -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, x, x, need_weights=False)[0]

    assert bisect(Attends().eval(), (torch.randn(2, 5, 8),)).culprit is None


def test_inputs_that_cannot_tell_are_mentioned() -> None:
    class Zero(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(-torch.abs(x)) * x

    found = bisect(Zero().eval(), (torch.ones(2, 3),))
    assert found.culprit is None
    assert any("is the same everywhere" in note for note in found.notes)


def test_a_capture_that_is_not_the_module() -> None:
    class Other(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if torch.compiler.is_exporting() else x * 3

    found = bisect(Other().eval(), (torch.ones(2, 3),))
    assert found.culprit is not None
    assert (found.culprit.kind, found.culprit.region) == ("capture", None)
    assert "what torch.export has recorded is not what the module computes" in str(found)
    with pytest.raises(litewright.UserError, match="no part of the model is wrong by itself"):
        found.write_reproducer("reproducer.py")


def test_what_is_wrong_before_a_conversion_fails() -> None:
    module, args = mlp()

    @dataclass(frozen=True)
    class Stumble(Pass[Program]):
        def run(self, unit: Program) -> bool:
            raise ValueError("no such thing")

    stumble = litewright.place(Stumble, stage="tfl")
    found = bisect(
        module, args, passes=[litewright.place(wrong.RewriteTanh, stage="stablehlo"), stumble]
    )
    culprit, region = found_in(found)
    assert culprit.step == "pass rewrite-tanh (StableHLO)"
    assert region.op.module == "second"
    assert found.notes == ("the conversion failed later: ValueError: no such thing",)
    with pytest.raises(ValueError, match="no such thing"):
        bisect(module, args, passes=[stumble])


def test_every_step_is_announced() -> None:
    told: list[str] = []
    module, args = mlp()
    bisect(module, args, progress=lambda step, _: told.append(step))
    assert "serving_default: lower to tfl" in told
    assert told[-1] == "serving_default: run on the delegate"


def test_the_model_of_a_checkpoint() -> None:
    module, args = mlp()
    weights = {name: TorchSource(each.detach()) for name, each in module.named_parameters()}
    with torch.device("meta"):
        hollow = wrong.Mlp().eval()
    found = bisect(hollow, args, weights=weights)
    assert found.culprit is None, str(found)
    wrong_mul = litewright.place(wrong.wrong_mul, stage="tfl")
    culprit, _ = found_in(bisect(hollow, args, weights=weights, passes=[wrong_mul]))
    assert culprit.name == "wrong-mul"


def test_exported_programs() -> None:
    module, args = mlp()
    programs = {"one": torch.export.export(module, args, strict=False)}
    passes = [litewright.place(wrong.wrong_mul, stage="tfl")]
    assert bisect(programs).culprit is None
    culprit, _ = found_in(bisect(programs["one"], passes=passes))
    assert culprit.signature == "serving_default"


def test_rounding_that_adds_up_is_told_from_a_wrong_op() -> None:
    module, args = mlp()
    found = bisect(module, args, tolerance=1e-9)
    assert found.culprit is not None
    assert found.culprit.difference.error < 1e-5


def test_inputs_that_do_not_fit() -> None:
    module, args = mlp()
    with pytest.raises(litewright.UserError, match="has no input 'y'; it has x"):
        bisect(module, args, inputs={"y": args[0].numpy()})
    with pytest.raises(litewright.UserError, match=r"the signature wants float32\[2, 8\]"):
        bisect(module, args, inputs={"x": args[0].numpy()[:1]})
