"""Small encoder-decoder models with random weights: one of each architecture that is tried, as data."""

from pathlib import Path
from typing import Any

import torch
import transformers

VOCABULARY = 97
POSITIONS = 40
BINS = 8
_SIZES = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    # Larger than a trained model's would be, so that answers depend on what is read.
    "init_std": 0.3,
}
_T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 4,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16,
    "decoder_start_token_id": 0,
}
_GATED = {
    **_T5,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False,
    # So that an answer does not come to rest at one token.
    "initializer_factor": 2.0,
}
_GEMMA = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "sliding_window": 6,
    "pad_token_id": 0,
}
_T5_GEMMA = {
    "encoder": _GEMMA,
    "decoder": {**_GEMMA, "cross_attention_hidden_size": 32},
    "vocab_size": VOCABULARY,
    "decoder_start_token_id": 1,
}
_WHISPER = {
    **_SIZES,
    "num_mel_bins": BINS,
    "max_source_positions": 50,
    "max_target_positions": POSITIONS,
    "decoder_start_token_id": 1,
}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "t5": ("T5Config", _T5),
    "flan-t5": ("T5Config", _GATED),
    "mt5": ("MT5Config", _GATED),
    "umt5": ("UMT5Config", _GATED),
    "longt5": ("LongT5Config", _T5),
    "t5gemma": ("T5GemmaConfig", _T5_GEMMA),
    "bart": ("BartConfig", _SIZES),
    "mbart": ("MBartConfig", {**_SIZES, "scale_embedding": True}),
    "plbart": ("PLBartConfig", _SIZES),
    "pegasus": ("PegasusConfig", _SIZES),
    "pegasus_x": ("PegasusXConfig", _SIZES),
    "bigbird_pegasus": ("BigBirdPegasusConfig", {**_SIZES, "attention_type": "original_full"}),
    "marian": ("MarianConfig", _SIZES),
    "m2m_100": ("M2M100Config", _SIZES),
    "blenderbot": ("BlenderbotConfig", _SIZES),
    "blenderbot_small": ("BlenderbotSmallConfig", _SIZES),
    "whisper": ("WhisperConfig", _WHISPER),
}


def build(name: str) -> Any:
    """The model of that name, with weights that are the same in every process."""
    kind, sizes = CONFIGS[name]
    library: Any = transformers
    config = getattr(library, kind)(**sizes)
    models = library.AutoModelForSpeechSeq2Seq if is_speech(name) else library.AutoModelForSeq2SeqLM
    torch.default_generator.manual_seed(0)
    return models.from_config(config).eval()


def is_speech(name: str) -> bool:
    """Whether it reads features."""
    return "num_mel_bins" in CONFIGS[name][1]


def save(name: str, folder: Path) -> Any:
    """Writes the model of that name as a checkpoint, and returns it."""
    model = build(name)
    model.save_pretrained(folder)
    if is_speech(name):
        extractor().save_pretrained(folder)
    return model


def extractor() -> Any:
    """One second of sound to a hundred frames."""
    library: Any = transformers
    return library.WhisperFeatureExtractor(feature_size=BINS, chunk_length=1)
