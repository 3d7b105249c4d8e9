"""Modules that torchao has quantised: the file holds their integers, and computes what they compute."""

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.affine import Affine, AffineSource, affine_of
from litewright.quantize import QuantSpec, Rule, recipe
from tests.support.slow import slow_but
from tests.support.stored_integers import Array, Stored, stored_integers
from tests.support.tolerances import TOLERANCES, assert_close, relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ao: Any = pytest.importorskip("torchao.quantization")
    unwrap_tensor_subclass: Any = pytest.importorskip("torchao.utils").unwrap_tensor_subclass
small: Any = torch  # its integers of fewer than 8 bits have no stubs


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(90, 64)
        self.up = nn.Linear(64, 128)
        self.down = nn.Linear(128, 64, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.down(torch.relu(self.up(self.table(tokens))))


def int4(size: int, **options: Any) -> Any:
    return ao.IntxWeightOnlyConfig(small.int4, ao.PerGroup(size), **options)


def words(config: Any, *, table: Any = None) -> Words:
    torch.manual_seed(4)
    module = Words().eval()
    # Rows whose sizes differ so much that one's scale would not do for another.
    for parameter in (module.table.weight, module.up.weight, module.down.weight):
        parameter.data *= torch.logspace(-1, 0.5, len(parameter))[:, None]
    if table is not None:
        ao.quantize_(module, table, filter_fn=lambda m, _: isinstance(m, nn.Embedding))
    if config is not None:
        ao.quantize_(module, config)
    return module


def dequantised(module: nn.Module) -> nn.Module:
    """The module with the floats that torchao says its integers stand for."""
    twin = copy.deepcopy(module)
    for name, parameter in module.named_parameters():
        made = affine_of(parameter)
        if made is None:
            continue
        owner, _, label = name.rpartition(".")
        values = parameter.dequantize()
        assert torch.equal(made.dequantised(), values), name
        setattr(twin.get_submodule(owner), label, nn.Parameter(values))
    return twin


def opened(module: nn.Module) -> Any:
    """The weight of a module, of whichever class."""
    return module.weight


def assert_computes(
    edge: Any, module: nn.Module, inputs: Sequence[Tensor], path: Path, tolerance: float
) -> None:
    edge.export(path)
    (name,) = [line.split()[1] for line in edge.program.interface() if line.startswith("input")]
    with torch.no_grad():
        expected = module(*inputs).numpy()
    for delegate in (True, False):
        (actual,) = Runner(path, delegate=delegate).run({name: inputs[0].numpy()}).values()
        assert relative_error(actual, expected) <= tolerance, f"delegate: {delegate}"


def assert_stored(stored: Stored, parameter: Any, name: str) -> None:
    assert np.array_equal(stored.integers, parameter.qdata.numpy().astype(np.int64)), name
    scale = parameter.scale.numpy()
    expected = np.broadcast_to(
        scale.reshape(-1, scale.shape[-1]), (len(stored.integers), scale.shape[-1])
    )
    if stored.element == "i8":
        assert expected.shape[-1] == 1
        expected = expected[:, 0]
    assert np.array_equal(stored.scales, expected.astype(stored.scales.dtype)), name


TOKENS = [
    torch.tensor([[3, 89, 0, 41, 7]]),
    torch.randint(90, (2, 12), generator=torch.Generator().manual_seed(7)),
]
# Two products, one behind the other, that round what they multiply.
LIMIT = 3 * TOLERANCES["int8 activations"]


@pytest.mark.parametrize("tokens", TOKENS, ids=("one", "two"))
@pytest.mark.parametrize(
    ("config", "table", "elements"),
    [
        (int4(32), None, ["i4", "i4"]),
        # One group is a scale per channel.
        (int4(64), int4(32), ["i4", "i8", "i4"]),
        (int4(32, mapping_type=ao.MappingType.SYMMETRIC_NO_CLIPPING_ERR), None, ["i4", "i4"]),
        (ao.IntxWeightOnlyConfig(small.int3, ao.PerGroup(32)), None, ["i4", "i4"]),
        (ao.IntxWeightOnlyConfig(small.int4, ao.PerAxis(0)), None, ["i8", "i8"]),
        (ao.IntxWeightOnlyConfig(small.int7, ao.PerAxis(0)), None, ["i8", "i8"]),
        (
            ao.Int8DynamicActivationIntxWeightConfig(small.int4, ao.PerGroup(32)),
            ao.IntxWeightOnlyConfig(torch.int8, ao.PerAxis(0)),
            ["i8", "i4", "i4"],
        ),
    ],
    ids=["blocks", "table", "no_clipping", "3_bits", "channels", "7_bits", "dynamic"],
)  # fmt: skip
def test_integers_of_the_file_are_those_of_torchao(
    config: Any, table: Any, elements: list[str], tokens: Tensor, tmp_path: Path
) -> None:
    module = words(config, table=table)
    edge = litewright.convert(module, (tokens,))
    assert edge.notes == []
    assert_computes(edge, dequantised(module), [tokens], tmp_path / "m.tflite", LIMIT)

    stored = stored_integers(tmp_path / "m.tflite")
    assert [each.element for each in stored] == elements
    names = ["table", "up", "down"][-len(elements) :]
    for each, name in zip(stored, names, strict=True):
        assert_stored(each, module.get_parameter(f"{name}.weight"), name)
        assert each.reader in ("tfl.fully_connected", "tfl.embedding_lookup")


@pytest.mark.parametrize(
    "config", [ao.Int8WeightOnlyConfig(version=2), ao.Int8DynamicActivationInt8WeightConfig(version=2)],
    ids=["weight_only", "dynamic"],
)  # fmt: skip
def test_integers_that_kernels_get_wrong_are_unpacked(config: Any, tmp_path: Path) -> None:
    module = words(config)
    assert (opened(module.up).qdata == -128).any()
    for tokens in TOKENS:
        edge = litewright.convert(module, (tokens,))
        assert len(edge.notes) == 2
        assert all("-128" in note for note in edge.notes)
        path = tmp_path / "m.tflite"
        assert_computes(edge, dequantised(module), [tokens], path, TOLERANCES["float32 model"])
        for each, name in zip(stored_integers(path), ("up", "down"), strict=True):
            assert_stored(each, module.get_parameter(f"{name}.weight"), name)
            assert each.reader == "tfl.dequantize"


def test_a_recipe_decides_about_those(tmp_path: Path) -> None:
    module = words(ao.Int8WeightOnlyConfig(version=2))
    own = recipe(Rule(None, r"^up"), QuantSpec("int8"))
    edge = litewright.convert(module, (TOKENS[0],), quant_config=own)
    assert_computes(edge, dequantised(module), [TOKENS[0]], tmp_path / "m.tflite", LIMIT)
    up, down = stored_integers(tmp_path / "m.tflite")
    assert_stored(up, module.up.weight, "up")
    assert up.reader == "tfl.dequantize"
    assert down.reader == "tfl.fully_connected"
    assert np.abs(down.integers).max() == 127


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (int4(32, mapping_type=ao.MappingType.ASYMMETRIC), "zero points"),
        (ao.IntxWeightOnlyConfig(torch.int8, ao.PerAxis(0), ao.MappingType.ASYMMETRIC), "zero points"),
        (ao.Int8WeightOnlyConfig(granularity=ao.PerGroup(32)), "groups of 32 share scales of 8 bits"),
        (int4(16), "groups of 16"),
        (ao.Float8WeightOnlyConfig(), "float8_e4m3fn"),
    ],
    ids=["asymmetric_int4", "asymmetric_int8", "int8_groups", "small_groups", "float8"],
)  # fmt: skip
def test_what_the_runtime_cannot_hold_becomes_floats_and_is_told(
    config: Any, why: str, tmp_path: Path
) -> None:
    module = words(config)
    edge = litewright.convert(module, (TOKENS[1],))
    assert [note.split(":")[0] for note in edge.notes] == ["up.weight", "down.weight"]
    assert all(why in note for note in edge.notes)
    path = tmp_path / "m.tflite"
    assert_computes(edge, dequantised(module), [TOKENS[1]], path, TOLERANCES["float32 model"])
    assert stored_integers(path) == []


def test_activations_that_torchao_quantises_dynamically(tmp_path: Path) -> None:
    """What kernels do by themselves is what the module does, token by token."""
    module = words(ao.Int8DynamicActivationIntxWeightConfig(small.int4, ao.PerGroup(32)))
    for tokens in TOKENS:
        edge = litewright.convert(module, (tokens,))
        path = tmp_path / "m.tflite"
        assert_computes(edge, module, [tokens], path, TOLERANCES["int8 activations"])


def test_a_target_keeps_what_it_computes_with(tmp_path: Path) -> None:
    """Blocks corrupt the memory of the GPU's delegate, and its kernels multiply floats: -128 is as good as any."""
    tokens = TOKENS[1]
    blocks = words(int4(32))
    edge = litewright.convert(blocks, (tokens,), target="gpu")
    assert all("no kernel for int4 block 32" in note for note in edge.notes)
    assert len(edge.notes) == 2
    assert_computes(
        edge, dequantised(blocks), [tokens], tmp_path / "m.tflite", TOLERANCES["float32 model"]
    )
    assert stored_integers(tmp_path / "m.tflite") == []

    rows = words(ao.Int8WeightOnlyConfig(version=2))
    edge = litewright.convert(rows, (tokens,), target="gpu")
    assert edge.notes == []
    edge.export(tmp_path / "m.tflite")
    for each, name in zip(stored_integers(tmp_path / "m.tflite"), ("up", "down"), strict=True):
        assert_stored(each, rows.get_parameter(f"{name}.weight"), name)
        assert each.reader == "tfl.fully_connected"


EXPORTS: dict[str, Any] = {
    "export": torch.export.export,
    "strict": lambda module, args: torch.export.export(module, args, strict=True),
    "unwrapped": lambda module, args: torch.export.export(
        unwrap_tensor_subclass(copy.deepcopy(module)), args
    ),
    "decomposed": lambda module, args: torch.export.export(module, args).run_decompositions(),
}


@pytest.mark.parametrize("export", list(EXPORTS))
@pytest.mark.parametrize(
    ("config", "table", "element", "notes"),
    [
        (int4(32), int4(32), "i4", 0),
        (ao.Int8DynamicActivationIntxWeightConfig(small.int4, ao.PerGroup(32)), None, "i4", 0),
        (ao.Int8WeightOnlyConfig(version=2), None, "i8", 2),
        (ao.Int8WeightOnlyConfig(granularity=ao.PerTensor()), None, "i8", 0),
        (ao.Int8DynamicActivationInt8WeightConfig(version=2), None, "i8", 2),
        (ao.Int8WeightOnlyConfig(granularity=ao.PerGroup(32)), None, "", 2),
        (int4(32, mapping_type=ao.MappingType.ASYMMETRIC), None, "", 2),
    ],
    ids=["int4", "8da4w", "int8", "int8_tensor", "8da8w", "int8_groups", "asymmetric"],
)  # fmt: skip
def test_modules_that_were_exported(
    config: Any, table: Any, element: str, notes: int, *, export: str, tmp_path: Path
) -> None:
    module = words(config, table=table)
    if config.__class__.__name__ == "Int8WeightOnlyConfig" and element and not notes:
        tamed(module)
    tokens = TOKENS[1]
    program = EXPORTS[export](module, (tokens,))
    before = str(program)
    if "_int_mm" in before and export == "decomposed":
        # Nobody tells any more what the integers stand for.
        with pytest.raises(litewright.UnsupportedError, match="_int_mm"):
            litewright.compile({"main": program})
        return
    edge = litewright.compile({"main": program})
    assert str(program) == before, "the caller's program is not changed"
    assert len(edge.notes) == notes
    limit = TOLERANCES["float32 model"] if notes else LIMIT
    assert_computes(edge, dequantised(module), [tokens], tmp_path / "m.tflite", limit)

    stored = stored_integers(tmp_path / "m.tflite")
    names = (["table"] if table else []) + ["up", "down"]
    assert [each.element for each in stored] == ([element] * len(names) if element else [])
    for each, name in zip(stored, names, strict=False):
        assert_stored(each, module.get_parameter(f"{name}.weight"), name)


@pytest.mark.parametrize("exported", slow_but((False,), (False, True)))
@pytest.mark.parametrize("zero_point", [None, 5])
def test_activations_with_scales_of_their_own(
    zero_point: int | None, *, exported: bool, tmp_path: Path
) -> None:
    options = {}
    if zero_point is not None:
        options["act_quant_zero_point"] = torch.full((1, 1, 1), zero_point, dtype=torch.int8)
        options["act_mapping_type"] = ao.MappingType.ASYMMETRIC
    config = ao.Int8StaticActivationInt8WeightConfig(
        act_quant_scale=torch.full((1, 1, 1), 0.03),
        granularity=[ao.PerTensor(), ao.PerRow()],
        **options,
    )
    module = words(config)
    for tokens in TOKENS:
        if exported:
            program = torch.export.export(module, (tokens,))
            edge = litewright.compile({"main": program})
        else:
            edge = litewright.convert(module, (tokens,))
        assert edge.notes == []
        path = tmp_path / "m.tflite"
        assert_computes(edge, module, [tokens], path, TOLERANCES["int8 activations"])
        for each, name in zip(stored_integers(path), ("up", "down"), strict=True):
            assert_stored(each, module.get_parameter(f"{name}.weight"), name)


def tamed(module: Words) -> None:
    """Leaves out the integer that kernels get wrong."""
    for each in (module.up, module.down):
        opened(each).qdata.clamp_(min=-127)


def test_signatures_share_the_integers(tmp_path: Path) -> None:
    module = words(int4(32))
    edge = (
        litewright.signature("short", module, (TOKENS[0],))
        .signature("long", module, (TOKENS[1],))
        .convert()
    )
    edge.export(tmp_path / "two.tflite")
    litewright.convert(module, (TOKENS[0],)).export(tmp_path / "one.tflite")
    two, one = ((tmp_path / f"{each}.tflite").stat().st_size for each in ("two", "one"))
    packed = sum(getattr(module, each).weight.numel() // 2 for each in ("up", "down"))
    assert two - one < packed / 2
    with torch.no_grad():
        expected = dequantised(module)(TOKENS[1]).numpy()
    actual = edge(TOKENS[1].numpy(), signature_name="long")
    assert relative_error(np.asarray(actual), expected) <= LIMIT


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(8, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 16, 3, groups=16)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_convolutions(bits: int, tmp_path: Path) -> None:
    torch.manual_seed(9)
    module = Pictures().eval()
    for each in (module.first, module.second):
        block = (1, *each.weight.shape[1:])
        made = ao.IntxUnpackedToInt8Tensor.from_hp(each.weight, block, getattr(torch, f"int{bits}"))
        each.weight = nn.Parameter(made, requires_grad=False)
    for shape in ((1, 8, 9, 7), (2, 8, 5, 12)):
        x = torch.randn(shape)
        edge = litewright.convert(module, (x,))
        assert bool(edge.notes) == (bits == 8)
        limit = TOLERANCES["float32 model"] if bits == 8 else LIMIT
        assert_computes(edge, dequantised(module), [x], tmp_path / "m.tflite", limit)
        first, second = stored_integers(tmp_path / "m.tflite")
        assert np.array_equal(first.integers, turned(module.first, (0, 2, 3, 1)))
        assert np.array_equal(second.integers, turned(module.second, (1, 2, 3, 0)))
        assert (first.axis, second.axis) == (0, 3)


def turned(module: nn.Conv2d, order: tuple[int, ...]) -> Array:
    return opened(module).qdata.permute(order).numpy().astype(np.int64)


# ---- layouts that torchao cannot make here, taken from what it documents --------------------------


def nibbles(integers: Tensor) -> Tensor:
    """Two integers a byte, written as a loop on purpose."""
    packed = torch.zeros(len(integers), integers.shape[1] // 2, dtype=torch.int8)
    for column in range(packed.shape[1]):
        low, high = integers[:, 2 * column].int(), integers[:, 2 * column + 1].int()
        packed[:, column] = ((low & 15) | ((high & 15) << 4)).to(torch.uint8).view(torch.int8)
    return packed


@pytest.mark.parametrize("asymmetric", [False, True])
def test_int4_tensors_of_two_integers_a_byte(asymmetric: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    integers = torch.randint(-8, 8, (48, 128))
    scale = torch.rand(4, 48) / 50 + 0.01
    shift = torch.randn(4, 48) if asymmetric else torch.zeros(4, 48)
    module = nn.Linear(128, 48).eval()
    weight = ao.Int4Tensor(nibbles(integers), scale, shift, [1, 32], torch.Size((48, 128)))
    module.weight = nn.Parameter(weight, requires_grad=False)
    twin = nn.Linear(128, 48).eval()
    spread = scale.T.repeat_interleave(32, 1), shift.T.repeat_interleave(32, 1)
    twin.weight = nn.Parameter(integers * spread[0] + spread[1])
    twin.bias = module.bias
    x = torch.randn(7, 128)
    edge = litewright.convert(module, (x,))
    limit = TOLERANCES["float32 model"] if asymmetric else LIMIT
    assert_computes(edge, twin, [x], tmp_path / "m.tflite", limit)
    stored = stored_integers(tmp_path / "m.tflite")
    if asymmetric:
        assert stored == []
        assert "zero points" in edge.notes[0]
    else:
        assert np.array_equal(stored[0].integers, integers.numpy())


def test_factors_of_columns_are_not_forgotten(tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = words(ao.Int8WeightOnlyConfig(version=2))
    factor = torch.rand(64) + 0.5
    opened(module.up).act_pre_scale = factor
    twin: Any = dequantised(words(ao.Int8WeightOnlyConfig(version=2)))
    twin.up.weight = nn.Parameter(twin.up.weight * factor)
    edge = litewright.convert(module, (TOKENS[1],))
    assert "columns are scaled besides" in edge.notes[0]
    limit = TOLERANCES["float32 model"]
    assert_computes(edge, twin, [TOKENS[1]], tmp_path / "m.tflite", limit)


def test_layouts_for_other_devices_are_refused_by_name() -> None:
    module = nn.Linear(64, 32).eval()
    weight = ao.Int4PlainInt32Tensor(
        torch.zeros(32, 8, dtype=torch.int32), torch.ones(2, 32), torch.zeros(2, 32), [1, 32],
        torch.Size((32, 64)),
    )  # fmt: skip
    module.weight = nn.Parameter(weight, requires_grad=False)
    with pytest.raises(litewright.UserError, match="a Int4PlainInt32Tensor"):
        litewright.convert(module, (torch.randn(1, 64),))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"scale": torch.tensor([[1.0], [0.0]])}, "no positive number"),
        ({"scale": torch.full((2, 4), 1e-6), "block_size": (1, 32)}, "beyond what the runtime takes"),
        ({"scale": torch.ones(1, 4), "block_size": (2, 32)}, "share a scale"),
        ({"integers": torch.zeros(2, 128, dtype=torch.int16)}, "they are int16"),
    ],
)  # fmt: skip
def test_reasons(change: dict[str, Any], why: str) -> None:
    torch.manual_seed(3)
    integers = torch.randint(-8, 8, (2, 128), dtype=torch.int8)
    given: dict[str, Any] = {
        "integers": integers,
        "scale": torch.ones(2, 1),
        "block_size": (1, 128),
        **change,
    }
    affine = Affine.of(**given)
    source = AffineSource(affine)
    assert why in source.why_not
    assert_close(source.read(), affine.dequantised().numpy(), "exact")
