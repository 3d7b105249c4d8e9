"""A Stable Diffusion pipeline with the architecture of the published ones, small, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from tokenizers.normalizers import Lowercase

_LIBRARY: Any = diffusers
_TRANSFORMERS: Any = transformers
_START, _END = "<|startoftext|>", "<|endoftext|>"
_WIDTH, _LENGTH, _LATENT = 32, 24, 8


def write_pipeline(folder: Path) -> Any:
    """Writes the pipeline as diffusers does, and returns it."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    text = _TRANSFORMERS.CLIPTextModel(
        _TRANSFORMERS.CLIPTextConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=_WIDTH,
            intermediate_size=48,
            num_attention_heads=4,
            num_hidden_layers=2,
            max_position_embeddings=_LENGTH,
            bos_token_id=tokenizer.token_to_id(_START),
            eos_token_id=tokenizer.token_to_id(_END),
        )
    )
    unet = _LIBRARY.UNet2DConditionModel(
        sample_size=_LATENT,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=_WIDTH,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    vae = _LIBRARY.AutoencoderKL(
        block_out_channels=(16, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=8 * _LATENT,
    )
    fast = _TRANSFORMERS.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=_START,
        eos_token=_END,
        pad_token=_END,
        model_max_length=_LENGTH,
    )
    pipeline = _LIBRARY.StableDiffusionPipeline(
        vae=vae.eval(),
        text_encoder=text.eval(),
        tokenizer=fast,
        unet=unet.eval(),
        scheduler=_LIBRARY.DDIMScheduler(
            beta_schedule="scaled_linear",
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline


def _tokenizer() -> Tokenizer:
    """Bytes as tokens, in the way of CLIP."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), _START, _END]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=[], end_of_word_suffix="</w>", unk_token=_END)
    )
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A {_END}",
        special_tokens=[(_START, vocabulary[_START]), (_END, vocabulary[_END])],
    )
    return tokenizer
