"""Composites found in models of transformers, which nobody has touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.capture import capture
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.driver.presets import DEFAULT
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_composite import composite_of
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import body_of
from litewright.composites import patterns
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.passes.fx.mark_patterns import MarkPatterns
from litewright.passes.fx.remove_identities import RemoveIdentities
from litewright.passes.fx.remove_unused_nodes import RemoveUnusedNodes
from tests.support.agreement import assert_agrees
from tests.support.slow import slow_but
from tests.support.tolerances import assert_close
from tests.support.xla import run_program

transformers = pytest.importorskip("transformers")

ALL = MarkPatterns(
    (
        patterns.RMS_NORM,
        patterns.ROTARY_EMBEDDING,
        patterns.INTERLEAVED_ROTARY_EMBEDDING,
        patterns.SWIGLU,
        *patterns.ATTENTION,
    )
)
SIZES: Mapping[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 50,
    "attn_implementation": "eager",
}


class Hidden(nn.Module):
    """The last hidden state of a model, by token numbers alone."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(input_ids=tokens, use_cache=False).last_hidden_state


def _llama(**more: Any) -> nn.Module:
    torch.manual_seed(0)
    return transformers.LlamaModel(transformers.LlamaConfig(**{**SIZES, **more}))


def _gemma2() -> nn.Module:
    torch.manual_seed(0)
    return transformers.Gemma2Model(transformers.Gemma2Config(**SIZES, query_pre_attn_scalar=20))


def _qwen2() -> nn.Module:
    torch.manual_seed(0)
    return transformers.Qwen2Model(transformers.Qwen2Config(**SIZES))


def _gptj() -> nn.Module:
    torch.manual_seed(0)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "rotary_dim": 8, "vocab_size": 50}
    return transformers.GPTJModel(transformers.GPTJConfig(**sizes, attn_implementation="eager"))


NORM, ROTARY, GATE = "litewright.rms_norm", "litewright.rotary_embedding", "litewright.swiglu"
FOUND = {
    "llama": (_llama, {NORM: 5, ROTARY: 4, GATE: 2, "aten.scaled_dot_product_attention": 2}),
    "llama, every head with keys of its own": (
        lambda: _llama(num_key_value_heads=4),
        {NORM: 5, ROTARY: 4, GATE: 2, "aten.scaled_dot_product_attention": 2},
    ),
    "gemma2": (_gemma2, {NORM: 9, ROTARY: 4, "litewright.soft_capped_attention": 2}),
    "qwen2": (_qwen2, {NORM: 5, ROTARY: 4, GATE: 2, "aten.scaled_dot_product_attention": 2}),
    "gptj": (_gptj, {ROTARY: 4}),
}


def _captured(module: nn.Module, tokens: Tensor) -> FxProgram:
    program = capture("main", module.eval(), (tokens,), {}, kept=supported_ops())
    RemoveUnusedNodes().run(program)
    RemoveIdentities().run(program)
    return program


@pytest.mark.parametrize("name", slow_but(("llama", "gptj"), FOUND))
def test_all_of_them_are_found(name: str) -> None:
    make, expected = FOUND[name]
    tokens = torch.randint(0, 50, (1, 6))
    program = _captured(Hidden(make()), tokens)
    before = program.run({"tokens": tokens})["output_0"]
    assert ALL.run(program)
    program.verify()
    nodes = program.graph_module.graph.nodes
    found = Counter(call.name for node in nodes if (call := composite_of(node)) is not None)
    assert found == expected
    assert torch.equal(program.run({"tokens": tokens})["output_0"], before)
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        on_xla = run_program(lowered, {"tokens": tokens.numpy()})
        text = str(lowered)
    assert_close(on_xla["output_0"], before.numpy(), "float32 model")
    # Layers of one shape share decompositions: sliding and full attention too.
    for composite in expected:
        functions = text.count(f"func.func private @{composite}")
        assert functions <= (2 if composite == ROTARY else 1), composite


def test_scalars_are_those_of_the_configuration() -> None:
    program = _captured(Hidden(_gemma2()), torch.randint(0, 50, (1, 6)))
    ALL.run(program)
    nodes = [n for n in program.graph_module.graph.nodes if composite_of(n) is not None]
    kwargs = {c.name: dict(n.kwargs) for n in nodes if (c := composite_of(n)) is not None}
    assert kwargs[NORM] == {"eps": 1e-6}
    assert kwargs["litewright.soft_capped_attention"] == {
        "is_causal": False,
        "scale": 20**-0.5,
        "logit_cap": 50.0,
    }


def _ops(model: EdgeModel) -> Counter[str]:
    with mlir.use(model.program.context):
        body = body_of(model.program.signatures()[0]).operations
        named = Counter(op_name(op) for op in body)
    quiet = ("tfl.pseudo_const", "tfl.no_value", "func.return")
    return Counter({name: n for name, n in named.items() if name not in quiet})


@pytest.mark.parametrize("make", slow_but((_gemma2,), (_llama, _gemma2, _qwen2)))
def test_attention_written_out_is_marked_where_it_pays(make: Any, tmp_path: Path) -> None:
    """No copies of keys and values for each query head, and no more ops; the numbers stay."""
    module, tokens = Hidden(make()).eval(), torch.randint(0, 50, (1, 6))
    plain = litewright.convert(module, (tokens,), passes=DEFAULT.without("mark-patterns"))
    marked = litewright.convert(module, (tokens,))
    assert _ops(marked).total() <= _ops(plain).total()
    assert "tfl.broadcast_to" not in _ops(marked)
    assert_agrees(marked, module, {"tokens": tokens}, tmp_path)


class First(nn.Module):
    """The last hidden state of a model, by its first argument alone."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).last_hidden_state


def _encoder(name: str) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "attn_implementation": "eager",
    }
    if name == "bert":
        config = transformers.BertConfig(**sizes, vocab_size=50)
        return transformers.BertModel(config), torch.randint(0, 50, (1, 6))
    config = transformers.ViTConfig(**sizes, image_size=32, patch_size=8)
    return transformers.ViTModel(config), torch.randn(1, 3, 32, 32)


@pytest.mark.parametrize("name", slow_but(("bert",), ("bert", "vit")))
def test_a_mask_that_hides_nothing_costs_nothing(name: str, tmp_path: Path) -> None:
    """Encoders hand attention a mask of zeros."""
    model, x = _encoder(name)
    module = First(model).eval()
    program = _captured(module, x)
    assert ALL.run(program)
    plain = litewright.convert(module, (x,), passes=DEFAULT.without("mark-patterns"))
    marked = litewright.convert(module, (x,))
    assert _ops(marked).total() <= _ops(plain).total()
    assert_agrees(marked, module, {"x": x}, tmp_path)


@pytest.mark.parametrize(
    ("mask", "adds"),
    [
        (torch.zeros(1, 1, 3, 5), 0),
        (torch.ones(1, 1, 3, 5, dtype=torch.bool), 0),
        (torch.full((1, 1, 3, 5), -1.0), 1),
        (torch.ones(3, 5, dtype=torch.bool).tril(1), 1),
    ],
)
def test_known_masks(mask: Tensor, adds: int, tmp_path: Path) -> None:
    class Attends(nn.Module):
        def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return nn.functional.scaled_dot_product_attention(q, k, v, mask, scale=1.0)

    inputs = {
        "q": torch.randn(1, 2, 3, 4),
        "k": torch.randn(1, 2, 5, 4),
        "v": torch.randn(1, 2, 5, 4),
    }
    model = litewright.convert(Attends().eval(), tuple(inputs.values()))
    assert _ops(model)["tfl.add"] == adds
    assert_agrees(model, Attends(), inputs, tmp_path, kind="float32 transcendental")


@pytest.mark.slow
def test_the_same_graph_as_through_torch_itself() -> None:
    tokens = torch.randint(0, 50, (1, 6))
    eager = litewright.convert(Hidden(_llama()).eval(), (tokens,))
    sdpa = litewright.convert(Hidden(_llama(attn_implementation="sdpa")).eval(), (tokens,))
    assert _ops(eager) == _ops(sdpa)


@pytest.mark.slow
def test_marking_all_of_them_costs_nothing() -> None:
    """What the target does not know folds and fuses as if nobody had marked it."""
    module, tokens = Hidden(_llama()).eval(), torch.randint(0, 50, (1, 6))
    some = litewright.convert(module, (tokens,))
    every = litewright.convert(
        module,
        (tokens,),
        composites=[patterns.RMS_NORM, patterns.ROTARY_EMBEDDING, patterns.SWIGLU],
    )
    assert _ops(every) == _ops(some)


def test_norms_are_marked_for_a_target_that_runs_them_as_one(tmp_path: Path) -> None:
    module, tokens = Hidden(_llama()).eval(), torch.randint(0, 50, (1, 6))
    model = litewright.convert(module, (tokens,), target="litert-lm-gpu")
    assert _ops(model)["stablehlo.composite"] >= 5
    model.export(tmp_path / "model.tflite")
    again = litewright.read(tmp_path / "model.tflite")
    with mlir.use(again.program.context):
        text = str(again.program)
    lines = [line for line in text.splitlines() if '"odml.rms_norm"' in line]
    assert len(lines) == 5
    assert all("epsilon = 9.99999997E-7" in line for line in lines)
    # The runtime of the wheel knows no such name, and runs what it decomposes to.
    assert_agrees(model, module, {"tokens": tokens}, tmp_path)
