"""Runs where litert-torch is installed: writes some files for others to read.

python peer_worker.py FOLDER
"""

import sys
from pathlib import Path

import litert_torch
import torch
from torch import nn


class Attention(nn.Module):
    """Attention with a norm before and a gated block after, and an embedding in front."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(300, 64)
        self.norm = nn.LayerNorm(64)
        self.q, self.k, self.v = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)
        self.gate = nn.Linear(64, 256)
        self.down = nn.Linear(256, 64)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        h = self.norm(x)
        heads = [p(h).unflatten(-1, (4, 16)).transpose(1, 2) for p in (self.q, self.k, self.v)]
        h = nn.functional.scaled_dot_product_attention(*heads)
        x = x + h.transpose(1, 2).flatten(2)
        return x + self.down(nn.functional.gelu(self.gate(x)))


class Picture(nn.Module):
    """Convolutions, batch norm, pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
            nn.Conv2d(16, 16, 3, groups=16), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
        )  # fmt: skip

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.body(image)


class Mixed(nn.Module):
    """Integers, bools, two inputs, a dictionary of outputs."""

    def forward(self, x: torch.Tensor, n: torch.Tensor) -> dict[str, torch.Tensor]:
        values, indices = torch.topk(x, 3)
        return {
            "where": torch.where(x > 0, x, n.to(x.dtype)),
            "cumulative": torch.cumsum(x, 1),
            "values": values,
            "indices": indices,
            "n": n,
        }


def _quantised() -> "litert_torch.quantize.QuantConfig":
    from litert_torch.generative.quantize import quant_recipes

    return quant_recipes.full_dynamic_recipe()


folder = Path(sys.argv[1])
torch.manual_seed(0)
tokens, image = torch.tensor([[3, 1, 250, 7, 7]]), torch.randn(1, 3, 20, 24)
mixed = (torch.randn(2, 6), torch.tensor([[4], [-2]]))
for name, model, args in (
    ("attention", Attention(), (tokens,)),
    ("picture", Picture(), (image,)),
    ("mixed", Mixed(), mixed),
):
    litert_torch.convert(model.eval(), args).export(str(folder / f"{name}.tflite"))
litert_torch.signature("first", Picture().eval(), (image,)).signature(
    "second", Mixed().eval(), mixed
).convert().export(str(folder / "signatures.tflite"))
litert_torch.convert(Attention().eval(), (tokens,), quant_config=_quantised()).export(
    str(folder / "attention-int8.tflite")
)
