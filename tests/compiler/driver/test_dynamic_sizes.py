"""Models whose callers choose sizes, against eager torch at sizes that were not tried when they were made."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.runtime import Runner
from tests.models.decoder import Decoder
from tests.models.decoder_config import DecoderConfig
from tests.models.encoder import bert_base
from tests.models.resnet import randomise_batch_norms, resnet18
from tests.support.agreement import eager
from tests.support.histogram import op_histogram
from tests.support.tolerances import assert_close

Inputs = dict[str, Tensor]


class Call(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def assert_agrees_at(
    model: EdgeModel,
    module: nn.Module,
    calls: Sequence[Inputs],
    folder: Path,
    *,
    signature: str | None = None,
    kind: str = "float32 model",
) -> None:
    """One runner for all calls, so that tensors grow and shrink; with the delegate and without.

    CompiledModel, which applications use, gives results their memory before a call, and so wants to know their shapes.
    """
    path = folder / "model.tflite"
    model.export(path)
    for delegate, engine in itertools.product((True, False), ("interpreter", "compiled")):
        runner = Runner(path, delegate=delegate, engine=engine)
        for inputs in calls:
            actual = runner.run({name: each.numpy() for name, each in inputs.items()}, signature)
            expected = eager(module, inputs)
            assert list(actual) == list(expected)
            for name, tensor in expected.items():
                assert_close(actual[name], tensor.numpy(), kind)


def check(
    module: nn.Module,
    sample: Sequence[int],
    dynamic: dict[int, Any],
    sizes: Sequence[Sequence[int]],
    folder: Path,
    *,
    kind: str = "float32 model",
) -> EdgeModel:
    """Converts a module of one input x and compares it at all sizes."""
    model = litewright.convert(
        module.eval(), (torch.randn(*sample),), dynamic_shapes={"x": dynamic}
    )
    (signature,) = model.signatures.values()
    shape = tuple(-1 if n in dynamic else size for n, size in enumerate(sample))
    assert signature.inputs[0].shape == shape
    assert_agrees_at(
        model, module, [{"x": torch.randn(*each)} for each in sizes], folder, kind=kind
    )
    return model


def batch() -> Any:
    return Dim("batch", max=64)


def length(low: int = 2, high: int = 48) -> Any:
    return Dim("length", min=low, max=high)


# ---- models --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_resnet_at_any_batch(tmp_path: Path) -> None:
    module = randomise_batch_norms(resnet18(10, width=8))
    sizes = [(1, 3, 64, 64), (9, 3, 64, 64), (3, 3, 64, 64)]
    model = check(module, (2, 3, 64, 64), {0: batch()}, sizes, tmp_path)
    delegation = Runner(tmp_path / "model.tflite").delegation()
    assert delegation.partitions == 1
    assert not delegation.remaining
    still = litewright.convert(module, (torch.zeros(2, 3, 64, 64),))
    assert op_histogram(model) == op_histogram(still)


@pytest.mark.slow
def test_resnet_at_any_multiple_of_32(tmp_path: Path) -> None:
    module = randomise_batch_norms(resnet18(10, width=4))
    rows, columns = Dim("rows", min=2, max=9), Dim("columns", min=2, max=9)
    sizes = [(1, 3, 64, 224), (1, 3, 288, 96), (1, 3, 160, 160)]
    check(module, (1, 3, 128, 96), {2: 32 * rows, 3: 32 * columns}, sizes, tmp_path)


def _sentence(rows: int, tokens: int) -> Inputs:
    mask = torch.ones(rows, tokens, dtype=torch.int32)
    mask[:, tokens // 2 :][torch.rand(rows, tokens - tokens // 2) < 0.4] = 0
    ids = torch.randint(0, 50, (rows, tokens), dtype=torch.int32)
    return {"input_ids": ids, "attention_mask": mask}


def _bert() -> nn.Module:
    return bert_base(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        vocab_size=50,
        max_position_embeddings=48,
    )


@pytest.mark.parametrize(
    ("dynamic", "sizes"),
    [
        pytest.param({0: batch()}, [(1, 16), (11, 16), (5, 16)], marks=pytest.mark.slow),
        pytest.param({1: length()}, [(2, 1), (2, 48), (2, 20)], marks=pytest.mark.slow),
        ({0: batch(), 1: length()}, [(1, 5), (7, 48), (5, 20), (1, 1)]),
    ],
    ids=["batch", "length", "both"],
)
def test_encoder(dynamic: dict[int, Any], sizes: list[tuple[int, int]], tmp_path: Path) -> None:
    module = _bert()
    shapes = {"input_ids": dynamic, "attention_mask": dynamic}
    model = litewright.convert(module, (), _sentence(2, 16), dynamic_shapes=shapes)
    assert_agrees_at(model, module, [_sentence(*each) for each in sizes], tmp_path)
    if len(dynamic) == 1:
        assert Runner(tmp_path / "model.tflite").delegation().partitions == 1
    # Which gives results their memory before a call, and so wants to know their shapes.
    compiled = Runner(tmp_path / "model.tflite", engine="compiled")
    for inputs in (_sentence(*each) for each in sizes):
        actual = compiled.run({name: each.numpy() for name, each in inputs.items()})
        assert_close(actual["output_0"], module(**inputs).numpy(), "float32 model")


class CausalBlock(nn.Module):
    """Attention with learnt positions and a mask that is made of the length."""

    def __init__(self, size: int = 32, heads: int = 4, longest: int = 48) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(size)
        self.joined = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.positions = nn.Embedding(longest, size)

    def forward(self, x: Tensor) -> Tensor:
        rows, tokens, size = x.shape
        x = x + self.positions(torch.arange(tokens))
        heads = self.joined(self.norm(x)).view(rows, tokens, 3, self.heads, size // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) * (size // self.heads) ** -0.5
        seen = torch.ones(tokens, tokens, dtype=torch.bool).tril()
        weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
        return x + self.out((weights @ value).transpose(1, 2).reshape(rows, tokens, size))


@pytest.mark.parametrize(
    ("dynamic", "sizes"),
    [
        pytest.param({1: length()}, [(2, 3, 32), (2, 48, 32), (2, 13, 32)], marks=pytest.mark.slow),
        ({0: batch(), 1: length()}, [(1, 3, 32), (5, 48, 32), (3, 13, 32)]),
    ],
    ids=["length", "both"],
)
def test_causal_block(
    dynamic: dict[int, Any], sizes: list[tuple[int, ...]], tmp_path: Path
) -> None:
    check(CausalBlock(), (2, 9, 32), dynamic, sizes, tmp_path)


class Causal(CausalBlock):
    """The same by scaled_dot_product_attention."""

    def forward(self, x: Tensor) -> Tensor:
        rows, tokens, size = x.shape
        x = x + self.positions.weight[:tokens]
        joined = self.joined(self.norm(x)).chunk(3, -1)
        shape = (rows, tokens, self.heads, size // self.heads)
        query, key, value = (each.view(shape).transpose(1, 2) for each in joined)
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return x + self.out(seen.transpose(1, 2).reshape(rows, tokens, size))


@pytest.mark.slow
def test_scaled_dot_product_attention(tmp_path: Path) -> None:
    sizes = [(1, 3, 32), (5, 48, 32), (3, 13, 32)]
    check(Causal(), (2, 9, 32), {0: batch(), 1: length()}, sizes, tmp_path)


class Step(nn.Module):
    """A decoder whose caches are named one by one, as torch.export wants them beside dynamic shapes."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, keys: Tensor, values: Tensor
    ) -> dict[str, Tensor]:
        caches = {"kv_cache_k_0": keys, "kv_cache_v_0": values}
        return self.decoder(tokens, input_pos, mask, **caches)


def test_decoder_of_any_number_of_tokens_is_refused() -> None:
    config = dataclasses.replace(DecoderConfig.tiny(), num_hidden_layers=1)
    module = Step(Decoder(config)).eval()

    def inputs(count: int) -> Inputs:
        tokens = torch.randint(config.vocab_size, (1, count))
        caches = [torch.randn_like(each) for each in config.empty_caches().values()]
        return {**config.step_inputs(tokens, 5), "keys": caches[0], "values": caches[1]}

    tokens = length(high=11)
    shapes = {"tokens": {1: tokens}, "input_pos": {0: tokens}, "mask": {2: tokens}}
    with pytest.raises(litewright.UnsupportedError, match="which LiteRT learns too late"):
        litewright.convert(
            module, (), inputs(7), dynamic_shapes={**shapes, "keys": None, "values": None}
        )


@pytest.mark.slow
def test_a_table_larger_than_a_constant_is_cut_at_run_time(tmp_path: Path) -> None:
    module = CausalBlock(longest=1024)
    sizes = [(2, 3, 32), (2, 700, 32), (2, 64, 32)]
    check(module, (2, 9, 32), {1: length(high=1024)}, sizes, tmp_path)


class UNet(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(16, 16, 3, padding=1)
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(16, 8, 3, padding=1))
        self.last = nn.Conv2d(8 + 8 + 16, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x).relu()
        middle = self.middle(self.down(first).relu())
        wide = F.interpolate(middle, scale_factor=2, mode=self.mode)
        return self.last(torch.cat([first, self.up(middle), wide], 1))


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_unet_at_any_multiple(mode: str, tmp_path: Path) -> None:
    rows, columns = Dim("rows", min=2, max=40), Dim("columns", min=2, max=40)
    sizes = [(1, 3, 12, 64), (1, 3, 80, 8), (1, 3, 44, 44)]
    check(UNet(mode), (1, 3, 16, 24), {2: 4 * rows, 3: 4 * columns}, sizes, tmp_path)


@pytest.mark.slow
def test_lstm_at_any_batch(tmp_path: Path) -> None:
    lstm = nn.LSTM(8, 6, batch_first=True)
    module = Call(lambda x: lstm(x)[0])
    check(module, (2, 5, 8), {0: batch()}, [(1, 5, 8), (9, 5, 8), (4, 5, 8)], tmp_path)


# ---- kinds of numbers that sizes are in ------------------------------------------------------------

SIZES = [(1, 4, 8), (9, 31, 8), (2, 5, 8)]

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda x: x.mean(1),
    "sum by hand": lambda x: x.sum(1) / x.shape[1],
    "variance": lambda x: x.var(1),
    "times a size": lambda x: x * x.shape[1],
    "concatenation": lambda x: torch.cat([x, x * 2], 2),
    "concatenation along it": lambda x: torch.cat([x, x * 2], 1),
    "stack": lambda x: torch.stack([x, x * 2], 2),
    "split": lambda x: x.split(2, 2)[1] * 2,
    "flatten": lambda x: x.flatten(0, 1) * 2,
    "flatten and back": lambda x: (x.flatten(0, 1) @ torch.ones(8, 3)).view(x.shape[0], -1, 3),
    "product of sizes": lambda x: (x @ x.transpose(1, 2)).flatten(1) * 2,
    "backwards": lambda x: x.flip(1),
    "running sum": lambda x: x.cumsum(1),
    "positions": lambda x: x + torch.arange(x.shape[1])[:, None],
    "positions as floats": lambda x: x * torch.arange(x.shape[1], dtype=torch.float32)[:, None],
    "zeros in front": lambda x: torch.cat([torch.zeros(x.shape[0], 1, 8), x], 1),
    "padding": lambda x: F.pad(x, (0, 0, 2, 1)),
    "an identity": lambda x: x @ x.transpose(1, 2) + torch.eye(x.shape[1]),
    "a triangle": lambda x: x @ x.transpose(1, 2) + torch.full((x.shape[1],) * 2, -5.0).triu(1),
    "repetition": lambda x: x.repeat(1, 3, 1),
    "expansion": lambda x: x[:, :1].expand(-1, x.shape[1], -1) + x,
    "the largest place": lambda x: x.argmax(1).float(),
    "softmax along it": lambda x: x.softmax(1),
    "outer": lambda x: (x[:, :, None] * x[:, None]).sum(-1),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str, tmp_path: Path) -> None:
    dynamic = {0: batch(), 1: length(4)}
    check(Call(FUNCTIONS[name]), (3, 7, 8), dynamic, SIZES, tmp_path)


@pytest.mark.parametrize("name", ["mean", "positions", "backwards", "flatten", "a triangle"])
def test_function_without_a_limit(name: str, tmp_path: Path) -> None:
    dynamic = {0: Dim("batch"), 1: Dim("length", min=4)}
    check(Call(FUNCTIONS[name]), (3, 7, 8), dynamic, [*SIZES, (2, 999, 8)], tmp_path)


IMAGES: dict[str, Callable[[Tensor], Tensor]] = {
    "global pooling": lambda x: F.adaptive_avg_pool2d(x, 1),
    "upsampling": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "upsampling to a size": lambda x: F.interpolate(x, size=(x.shape[2] * 3, x.shape[3] * 3)),
    "pixel shuffle": lambda x: F.pixel_shuffle(x, 2),
    "group norm": lambda x: F.group_norm(x, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_image_of_any_size(name: str, tmp_path: Path) -> None:
    dynamic = {0: batch(), 2: Dim("rows", min=3, max=64), 3: Dim("columns", min=3, max=64)}
    sizes = [(1, 8, 12, 9), (5, 8, 31, 48), (2, 8, 4, 3)]
    check(Call(IMAGES[name]), (2, 8, 16, 16), dynamic, sizes, tmp_path)


STRIDES: dict[str, Callable[[], nn.Module]] = {
    "convolution": lambda: nn.Conv2d(3, 4, 3, stride=2, padding=1),
    "wide convolution": lambda: nn.Conv2d(3, 4, 5, stride=3, padding=2),
}  # fmt: skip


@pytest.mark.parametrize("name", STRIDES)
def test_strides_at_even_and_odd_sizes(name: str, tmp_path: Path) -> None:
    rows, columns = Dim("rows", min=5, max=64), Dim("columns", min=5, max=64)
    sizes = [(1, 3, n, m) for n, m in ((6, 31), (64, 8), (9, 9), (12, 10))]
    check(Call(STRIDES[name]()), (1, 3, 16, 15), {2: rows, 3: columns}, sizes, tmp_path)


def test_resnet_at_any_size(tmp_path: Path) -> None:
    module = randomise_batch_norms(resnet18(10, width=4))
    dynamic = {n: Dim(name, min=33, max=300) for n, name in ((2, "rows"), (3, "columns"))}
    sizes = [(1, 3, 41, 224), (1, 3, 250, 97), (1, 3, 64, 64)]
    check(module, (1, 3, 128, 96), dynamic, sizes, tmp_path)


POOLS: dict[str, Callable[[Tensor], Tensor]] = {
    "maximum": lambda x: F.max_pool2d(x, 2),
    "average": lambda x: F.avg_pool2d(x, 3, 2, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_pools_at_even_and_odd_sizes(name: str, tmp_path: Path) -> None:
    rows, columns = Dim("rows", min=5, max=64), Dim("columns", min=5, max=64)
    sizes = [(1, 3, n, m) for n, m in ((6, 31), (64, 8), (9, 9))]
    check(Call(POOLS[name]), (1, 3, 16, 15), {2: rows, 3: columns}, sizes, tmp_path)


def test_a_state_of_fixed_size_is_kept_between_calls_of_any_size(tmp_path: Path) -> None:
    class Total(nn.Module):
        total: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x: Tensor) -> Tensor:
            self.total.add_(x.sum(0))
            return x + self.total

    shapes = {"x": {0: batch()}}
    model = litewright.convert(Total().eval(), (torch.randn(3, 4),), dynamic_shapes=shapes)
    model.export(tmp_path / "model.tflite")
    session = litewright.Session(tmp_path / "model.tflite")
    total = torch.zeros(4)
    for rows in (3, 5, 1, 1, 9):
        x = torch.randn(rows, 4)
        total += x.sum(0)
        actual = session.run({"x": x.numpy()}, "serving_default")["output_0"]
        assert_close(actual, (x + total).numpy(), "float32 model")


def test_what_is_read_again_is_kept_where_a_batch_of_one_could_overwrite_it(tmp_path: Path) -> None:
    class Shared(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            z = y.tanh() * 0.5
            return (x + z.reshape(1, 24)).neg(), z.reshape(8, 3).neg()

    module = Shared()
    model = litewright.convert(
        module,
        (torch.randn(2, 24), torch.randn(4, 6)),
        dynamic_shapes={"x": {0: batch()}, "y": None},
    )
    path = tmp_path / "model.tflite"
    model.export(path)
    for delegate in (True, False):
        runner = Runner(path, delegate=delegate)
        for rows in (1, 5, 1):
            x, y = torch.randn(rows, 24), torch.randn(4, 6)
            actual = runner.run({"x": x.numpy(), "y": y.numpy()})
            for found, expected in zip(actual.values(), module(x, y), strict=True):
                assert_close(found, expected.numpy(), "float32 transcendental")


# ---- ways in and out -------------------------------------------------------------------------------


def test_an_exported_program(tmp_path: Path) -> None:
    module = CausalBlock().eval()
    dynamic = ({0: batch(), 1: length()},)
    exported = torch.export.export(module, (torch.randn(2, 9, 32),), dynamic_shapes=dynamic)
    model = litewright.compile({"main": exported})
    calls = [{"x": torch.randn(*each)} for each in ((1, 3, 32), (5, 48, 32), (3, 13, 32))]
    assert_agrees_at(model, module, calls, tmp_path)
    first = (tmp_path / "model.tflite").read_bytes()
    assert_agrees_at(litewright.read(tmp_path / "model.tflite"), module, calls, tmp_path)
    litewright.compile({"main": exported}).export(tmp_path / "model.tflite")
    assert (tmp_path / "model.tflite").read_bytes() == first


def test_sizes_that_torch_finds_out(tmp_path: Path) -> None:
    module = Call(lambda x: x.flatten(0, 1) * 2)
    check(module, (3, 7, 8), {0: Dim.AUTO, 1: Dim.DYNAMIC}, SIZES, tmp_path)


@pytest.mark.slow
def test_one_of_several_signatures(tmp_path: Path) -> None:
    module = CausalBlock().eval()
    model = (
        litewright.signature(
            "any", module, (torch.randn(2, 9, 32),), dynamic_shapes=({0: batch(), 1: length()},)
        )
        .signature("one", module, (torch.randn(1, 5, 32),))
        .convert()
    )
    assert [str(each.inputs[0]) for each in model.signatures.values()] == [
        "float32[?, ?, 32]",
        "float32[1, 5, 32]",
    ]
    for name, sizes in (("any", (4, 33, 32)), ("one", (1, 5, 32)), ("any", (1, 2, 32))):
        call = {"x": torch.randn(*sizes)}
        assert_agrees_at(model, module, [call], tmp_path, signature=name)
        actual = model(call["x"], signature_name=name)
        assert_close(actual, module(call["x"]).detach().numpy(), "float32 model")
    alone = litewright.convert(module, (torch.randn(1, 5, 32),))
    alone.export(tmp_path / "alone.tflite")
    assert (tmp_path / "model.tflite").stat().st_size < 1.8 * (
        tmp_path / "alone.tflite"
    ).stat().st_size


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("dynamic_int8", "weights of 8 bits"),
        ("weight_only_int8", "weights of 8 bits"),
        ("fp16", "weights of 16 bits"),
        ("int4_block32", "weights of 4 bits"),
    ],
)
def test_quantised_weights(recipe: str, kind: str, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 32)).eval()
    dynamic = ({0: batch(), 1: length()},)
    model = litewright.convert(
        module, (torch.randn(2, 9, 64),), dynamic_shapes=dynamic, quant_config=recipe
    )
    calls = [{"input": torch.randn(*each)} for each in ((1, 3, 64), (5, 40, 64), (3, 13, 64))]
    path = tmp_path / "model.tflite"
    model.export(path)
    for delegate in (True, False):
        runner = Runner(path, delegate=delegate)
        for call in calls:
            actual = runner.run({"input": call["input"].numpy()})["output_0"]
            assert_close(actual, module(call["input"]).detach().numpy(), kind)


def test_parameters_without_storage(tmp_path: Path) -> None:
    real = CausalBlock().eval()
    with torch.device("meta"):
        empty = CausalBlock().eval()
    weights = {name: _Tensor(each) for name, each in real.state_dict().items()}
    model = litewright.convert(
        empty, (torch.randn(2, 9, 32),), dynamic_shapes={"x": {1: length()}}, weights=weights
    )
    calls = [{"x": torch.randn(2, tokens, 32)} for tokens in (3, 48, 13)]
    assert_agrees_at(model, real, calls, tmp_path)


class _Tensor:
    def __init__(self, tensor: Tensor) -> None:
        self._array = tensor.detach().numpy()
        self.shape, self.dtype = self._array.shape, self._array.dtype

    def read(self) -> Any:
        return self._array


def test_dumps_show_the_probes_and_what_was_made_of_them(tmp_path: Path) -> None:
    module = Call(lambda x: x.flatten(0, 1) * 2)
    dynamic = {"x": {0: batch()}}
    litewright.convert(module, (torch.randn(3, 7),), dynamic_shapes=dynamic, dump_ir=tmp_path)
    stablehlo = next(tmp_path.glob("*_stablehlo.mlir")).read_text()
    assert all(f'@"serving_default@{number}"' in stablehlo for number in range(4))
    made = next(tmp_path.glob("*_dynamic.mlir")).read_text()
    assert "@serving_default(" in made
    assert "serving_default@" not in made
    assert "tensor<?x7xf32>" in made


# ---- what is refused -------------------------------------------------------------------------------


def refused(module: nn.Module, match: str, dynamic: Any = None, **options: Any) -> None:
    shapes = {"x": dynamic or {1: length(3)}}
    with pytest.raises(litewright.UserError, match=match):
        litewright.convert(module.eval(), (torch.randn(3, 7, 8),), dynamic_shapes=shapes, **options)


def test_code_that_goes_by_a_size() -> None:
    refused(Call(lambda x: x * 2 if x.shape[1] > 5 else x), r"x\.shape\[1\](.|\n)*min=6, max=48")


def test_a_size_that_the_model_fixes() -> None:
    refused(Call(lambda x: x.view(-1, 7, 8) * 2), r"specialized it to be a constant \(7\)")


def test_shapes_that_depend_on_data() -> None:
    refused(Call(lambda x: x[x > 0]), "depends on the values of another tensor")


def test_a_name_that_is_no_argument() -> None:
    with pytest.raises(litewright.UserError, match=r"top-level keys must be the arg names"):
        litewright.convert(
            Call(torch.relu), (torch.randn(3, 7),), dynamic_shapes={"y": {0: batch()}}
        )


def test_arguments_without_a_name() -> None:
    class Open(nn.Module):
        def forward(self, x: Tensor, **others: Tensor) -> Tensor:
            return x + others["y"]

    shapes = {"x": {0: batch()}, "others": {"y": {0: batch()}}}
    with pytest.raises(litewright.UserError, match="does not name its argument 'y'"):
        litewright.convert(
            Open(), (torch.randn(3, 7),), {"y": torch.randn(3, 7)}, dynamic_shapes=shapes
        )


def test_a_sample_of_size_one() -> None:
    with pytest.raises(litewright.UserError, match="give samples of 2 or more"):
        litewright.convert(
            Call(torch.relu), (torch.randn(1, 7),), dynamic_shapes={"x": {0: batch()}}
        )


def test_too_narrow_a_range() -> None:
    narrow = Dim("rows", min=2, max=3)
    refused(Call(torch.relu), r"x\.shape\[0\] goes from 2 to 3: at least three", {0: narrow})


def test_a_mask_without_a_limit_names_the_op_and_the_line() -> None:
    module = Call(lambda x: x @ x.transpose(1, 2) + torch.eye(x.shape[1]))
    refused(
        module, r"give each Dim a max(.|\n)*test_dynamic_sizes.py:\d+", {1: Dim("length", min=3)}
    )


def test_a_size_under_a_root() -> None:
    refused(Call(lambda x: x * x.shape[1] ** -0.5), "neither in proportion to a size nor divided")


LATE: dict[str, Callable[[Tensor], Tensor]] = {
    "neighbours": lambda x: x[:, 1:] - x[:, :-1],
    "the last": lambda x: x[:, -1] * 2,
    "roll": lambda x: x.roll(2, 1),
}


@pytest.mark.parametrize("name", LATE)
def test_what_compiled_model_would_crash_at(name: str) -> None:
    refused(Call(LATE[name]), r"learns too late(.|\n)*test_dynamic_sizes.py:\d+")


def test_a_transposed_convolution() -> None:
    module = nn.ConvTranspose2d(3, 4, 4, 2, 1)
    with pytest.raises(litewright.UnsupportedError, match="TRANSPOSE_CONV: LiteRT learns the size"):
        litewright.convert(
            module.eval(), (torch.randn(9, 3, 8, 8),), dynamic_shapes={"input": {0: batch()}}
        )


def test_the_gpu() -> None:
    refused(Call(torch.relu), "target gpu takes fixed sizes only", {0: batch()}, target="gpu")


def test_a_recipe_that_looks_at_values() -> None:
    refused(
        Call(nn.Linear(8, 8)),
        "looks at values of calibration_data",
        {0: batch()},
        quant_config="static_int8",
        calibration_data=[(torch.randn(3, 7, 8),)],
    )


def test_shapes_without_a_module() -> None:
    begun = litewright.signature("one", nn.ReLU(), (torch.ones(2),))
    with pytest.raises(litewright.UserError, match="dynamic_shapes without a module"):
        begun.convert(dynamic_shapes=({0: batch()},))
