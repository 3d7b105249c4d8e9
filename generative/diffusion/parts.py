"""The three models of a latent diffusion pipeline as the modules that are captured."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class TextEncoder(nn.Module):
    """What a prompt means, token by token.

    Attributes:
        model: a CLIP text model of transformers.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        """int32 [1, T] -> `states` float32 [1, T, W]."""
        return {"states": self.model(input_ids=input_ids).last_hidden_state}


class Denoiser(nn.Module):
    """What the scheduler takes off at one step.

    Attributes:
        model: a `UNet2DConditionModel` of diffusers.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, sample: Tensor, timestep: Tensor, states: Tensor) -> dict[str, Tensor]:
        """float32 [B, C, h, w], [B] and [B, T, W] -> `noise` float32 [B, C, h, w]."""
        made: Any = self.model(sample, timestep, encoder_hidden_states=states, return_dict=False)
        return {"noise": made[0]}


class Decoder(nn.Module):
    """Latents as an image.

    Attributes:
        model: an `AutoencoderKL` of diffusers.
        factor: what its encoder's latents were multiplied by.
        shift: what was subtracted from them before.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        called: Any = model
        self.model = model
        self.factor: float = called.config.scaling_factor
        self.shift: float = called.config.shift_factor or 0.0

    def forward(self, latents: Tensor) -> dict[str, Tensor]:
        """float32 [1, C, h, w] -> `image` float32 [1, H, W, 3], 0 to 1."""
        called: Any = self.model
        made: Tensor = called.decode(latents / self.factor + self.shift, return_dict=False)[0]
        return {"image": (made / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)}
