"""What is used of transformers, which tells checkers too little of its types: the only file that imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import transformers
from transformers import (
    cache_utils,
    conversion_mapping,
    core_model_loading,
    initialization,
    modeling_outputs,
    pytorch_utils,
)
from transformers import masking_utils as masking
from transformers import modeling_utils as modeling
from transformers.integrations import moe
from transformers.models.auto import modeling_auto

_library: Any = transformers
_loading: Any = core_model_loading
_masking: Any = masking

AutoConfig: Any = _library.AutoConfig
AutoModel: Any = _library.AutoModel
AutoModelForCausalLM: Any = _library.AutoModelForCausalLM
AutoModelForMultimodalLM: Any = _library.AutoModelForMultimodalLM
AutoModelForSeq2SeqLM: Any = _library.AutoModelForSeq2SeqLM
AutoModelForSpeechSeq2Seq: Any = _library.AutoModelForSpeechSeq2Seq
AutoFeatureExtractor: Any = _library.AutoFeatureExtractor
AutoTokenizer: Any = _library.AutoTokenizer
BaseModelOutput: Any = modeling_outputs.BaseModelOutput
Conv1D: Any = pytorch_utils.Conv1D
DynamicCache: Any = cache_utils.DynamicCache
GenerationConfig: Any = _library.GenerationConfig
WeightConverter: Any = _loading.WeightConverter
WeightRenaming: Any = _loading.WeightRenaming
bidirectional_mask_function: Any = _masking.bidirectional_mask_function
causal_mask_function: Any = _masking.causal_mask_function
conversions_of: Any = conversion_mapping.get_model_conversion_mapping
no_init_weights: Any = initialization.no_init_weights
rename_source_key: Any = _loading.rename_source_key

if TYPE_CHECKING:

    class Cache:
        """transformers' cache, as far as ours builds on it."""

        layers: list[Any]

        def __init__(self, layers: list[Any]) -> None: ...

    class CacheLayerMixin:
        """A layer of one."""

        keys: Any
        values: Any
        is_initialized: bool

    class DummyLayer(CacheLayerMixin):
        """A layer that keeps nothing."""

    class EncoderDecoderCache:
        """Caches of self-attention and of cross-attention."""

        self_attention_cache: Cache
        cross_attention_cache: Cache

        def __init__(self, self_attention: Cache, cross_attention: Cache, /) -> None: ...

else:
    Cache = cache_utils.Cache
    CacheLayerMixin = cache_utils.CacheLayerMixin
    DummyLayer = cache_utils.DummyLayer
    EncoderDecoderCache = cache_utils.EncoderDecoderCache


def interfaces() -> dict[str, dict[str, Any]]:
    """Where models look up how attention, masks and experts are computed: functions by name, to be changed."""
    found: dict[str, Any] = {
        "attention": modeling.AttentionInterface,
        "masks": masking.AttentionMaskInterface,
        "experts": moe.ExpertsInterface,
    }
    return {name: interface._global_mapping for name, interface in found.items()}


def architectures(head: str) -> dict[str, str]:
    """The class that transformers builds with a head (`CAUSAL_LM`; empty: none), by model type."""
    tables: Any = modeling_auto
    name = f"MODEL_FOR_{head}_MAPPING_NAMES" if head else "MODEL_MAPPING_NAMES"
    return dict(getattr(tables, name))


def auto_class(name: str) -> Any:
    """The class of transformers that builds a model from its configuration (`AutoModelForMaskedLM`)."""
    return getattr(_library, name)
