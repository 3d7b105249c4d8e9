"""Writes the files of this folder that litert-torch makes: `python make_with_litert_torch.py FOLDER`."""

import sys
from pathlib import Path

import litert_torch
import torch
from litert_torch.generative.quantize import quant_recipes
from torch import nn

VOCABULARY, WIDTH = 300, 64


class Decoder(nn.Module):
    """A table, a block with attention, and logits by the same table."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        h = self.norm(x)
        heads = [p(h).unflatten(-1, (4, 16)).transpose(1, 2) for p in (self.q, self.k, self.v)]
        h = nn.functional.scaled_dot_product_attention(*heads)
        x = x + h.transpose(1, 2).flatten(2)
        x = x + self.down(nn.functional.silu(self.up(x)))
        return x @ self.embedding.weight.T


def tokens(length: int) -> tuple[torch.Tensor]:
    return ((torch.arange(length, dtype=torch.int32)[None] * 37 + 5) % VOCABULARY,)


folder = Path(sys.argv[1])
torch.manual_seed(0)
model = Decoder().eval()
litert_torch.signature("short", model, tokens(4)).signature(
    "long", model, tokens(9)
).convert().export(str(folder / "litert-torch.tflite"))
litert_torch.convert(model, tokens(6), quant_config=quant_recipes.full_dynamic_recipe()).export(
    str(folder / "litert-torch-int8.tflite")
)
