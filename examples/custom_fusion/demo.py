"""Converts a model of acme's with nothing imported but litewright, and compares it with eager torch."""

from pathlib import Path

import torch
from torch import Tensor, nn

import litewright


class Distances(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(16, 32)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x, y = self.up(x), self.up(y)
        x, y = x * torch.clamp(x + 3, 0, 6) / 6, y * torch.clamp(y + 3, 0, 6) / 6
        return torch.maximum(x, y) - torch.minimum(x, y)


def distances() -> tuple[nn.Module, tuple[Tensor, ...]]:
    """What `litewright convert demo.py:distances` converts."""
    torch.manual_seed(0)
    return Distances().eval(), (torch.randn(4, 16), torch.randn(4, 16))


def main() -> None:
    module, inputs = distances()
    edge = litewright.convert(module, inputs)
    with torch.no_grad():
        expected = module(*inputs)
    error = (torch.from_numpy(edge(*inputs)) - expected).abs().max().item()
    for rule in ("hard-gate", "fuse-distance"):
        print(f"{rule} applied {edge.statistics.rewrites[rule]} times")
    print(f"largest error against eager torch: {error:.1e}")
    edge.export("distances.tflite")
    print(f"distances.tflite: {Path('distances.tflite').stat().st_size} bytes")


if __name__ == "__main__":
    main()
