"""What a transformer is made of, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import litewright

from .rotary_position_embedding import RopeScaling


class ActivationType(Enum):
    """Functions between the matrices of a feed-forward network."""

    LINEAR = auto()
    """None."""
    SILU = auto()
    """x * sigmoid(x)."""
    GELU = auto()
    """By the error function."""
    GELU_TANH = auto()
    """By a tanh."""
    GELU_QUICK = auto()
    """x * sigmoid(1.702 x)."""
    RELU = auto()


class NormalizationType(Enum):
    """Norms over the last axis, but for groups."""

    NONE = auto()
    RMS_NORM = auto()
    LAYER_NORM = auto()
    GROUP_NORM = auto()


class FeedForwardType(Enum):
    """How a feed-forward network is wired."""

    SEQUENTIAL = auto()
    """down(act(up(x)))."""
    GATED = auto()
    """down(act(gate(x)) * up(x))."""


class AttentionType(Enum):
    """What a layer sees."""

    GLOBAL = auto()
    """Everything before."""
    LOCAL_SLIDING = auto()
    """The last `sliding_window_size` tokens."""


@dataclass(frozen=True, slots=True)
class NormalizationConfig:
    """A norm.

    Attributes:
        type: which.
        epsilon: added under the root.
        zero_centered: weights are stored less one, as Gemma does.
        use_bias: of layer and group norms.
        group_num: of a group norm.
        enable_hlfb: accepted for models that were written for another converter; it changes nothing.
    """

    type: NormalizationType = NormalizationType.NONE
    epsilon: float = 1e-5
    zero_centered: bool = False
    use_bias: bool = True
    group_num: int | None = None
    enable_hlfb: bool = True


NO_NORM = NormalizationConfig()


@dataclass(frozen=True, slots=True)
class AttentionConfig:
    """Attention.

    Attributes:
        num_heads: N, of queries.
        num_query_groups: KV, heads of keys and values; N if not given. It divides N.
        head_dim: H; the model's width divided by N if not given.
        rotary_percentage: share of H that is rotated; None for no rotation.
        rotary_base: of the frequencies.
        rotary_scaling: how the rotation is stretched to longer texts, if it is.
        use_alibi: whether scores grow with the position of the key, by head (Press et al. 2022).
        qkv_use_bias: of the projections to queries, keys and values.
        output_proj_use_bias: of the last projection.
        query_norm_config: of each head's query.
        key_norm_config: of each head's key.
        logit_softcap: c in c * tanh(score / c), before the mask.
        scale: of scores; 1 / sqrt(H) if not given.
        attn_type: what a layer sees.
        sliding_window_size: how far back, if that is not all.
        ring_size: positions of its cache, where this begins anew at its end: as many as the window, and as the longest
            step less one. The model's `kv_cache_max` if not given.
        use_sinks: whether each head has a logit that takes part in the softmax and is nothing else.
        enable_kv_cache: whether keys and values of earlier calls are kept.
        causal_mask_value: accepted for models that were written for another converter.
    """

    num_heads: int
    num_query_groups: int | None = None
    head_dim: int | None = None
    rotary_percentage: float | None = None
    rotary_base: float = 10_000.0
    rotary_scaling: RopeScaling | None = None
    use_alibi: bool = False
    qkv_use_bias: bool = False
    output_proj_use_bias: bool = False
    query_norm_config: NormalizationConfig = NO_NORM
    key_norm_config: NormalizationConfig = NO_NORM
    logit_softcap: float | None = None
    scale: float | None = None
    attn_type: AttentionType = AttentionType.GLOBAL
    sliding_window_size: int | None = None
    ring_size: int | None = None
    use_sinks: bool = False
    enable_kv_cache: bool = True
    causal_mask_value: float = float("-inf")

    def __post_init__(self) -> None:
        """Checks that groups divide heads, and that a ring holds its window.

        Raises:
            UserError: they do not, or it does not.
        """
        if self.ring_size is not None:
            window = self.sliding_window_size
            if (
                self.attn_type is not AttentionType.LOCAL_SLIDING
                or window is None
                or self.use_alibi
            ):
                raise litewright.UserError(
                    "ring_size is for layers with a sliding window, and without ALiBi"
                )
            if self.ring_size < window:
                raise litewright.UserError(
                    f"ring_size {self.ring_size} does not hold a sliding window of {window}"
                )
        if self.num_heads % self.groups:
            raise litewright.UserError(
                f"num_query_groups {self.groups} does not divide num_heads {self.num_heads}"
            )

    @property
    def groups(self) -> int:
        """KV, heads of keys and values."""
        return self.num_query_groups or self.num_heads


@dataclass(frozen=True, slots=True)
class ActivationConfig:
    """An activation, spelt as an object."""

    type: ActivationType = ActivationType.LINEAR


@dataclass(frozen=True, slots=True)
class FeedForwardConfig:
    """A feed-forward network.

    Attributes:
        type: how it is wired.
        activation: between its matrices.
        intermediate_size: width between them.
        use_bias: of all of them.
        num_experts: more than one makes a mixture of so many networks.
        num_experts_per_token: how many of these a token goes through.
        pre_ff_norm_config: of what goes in.
        post_ff_norm_config: of what comes out.
    """

    type: FeedForwardType
    activation: ActivationType | ActivationConfig
    intermediate_size: int
    use_bias: bool = False
    num_experts: int = 1
    num_experts_per_token: int = 1
    pre_ff_norm_config: NormalizationConfig = NO_NORM
    post_ff_norm_config: NormalizationConfig = NO_NORM

    @property
    def activation_type(self) -> ActivationType:
        """The activation, however it was spelt."""
        given = self.activation
        return given.type if isinstance(given, ActivationConfig) else given


@dataclass(frozen=True, slots=True)
class TransformerBlockConfig:
    """One layer.

    Attributes:
        attn_config: its attention.
        ff_config: its feed-forward network.
        pre_attention_norm_config: of what goes into attention.
        post_attention_norm_config: of what goes into the feed-forward network, where its own configuration
            says nothing of a norm; else of what comes out of attention.
        parallel_residual: attention and feed-forward network read the same normed input.
    """

    attn_config: AttentionConfig
    ff_config: FeedForwardConfig
    pre_attention_norm_config: NormalizationConfig = NO_NORM
    post_attention_norm_config: NormalizationConfig = NO_NORM
    parallel_residual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A decoder or encoder.

    Layers are told by `block_configs`, or, where all are alike, by `attn_config`, `ff_config` and the norms.

    Attributes:
        vocab_size: tokens.
        num_layers: blocks.
        max_seq_len: the longest text.
        embedding_dim: width.
        block_configs: of all blocks, or of each.
        attn_config: of all blocks, where `block_configs` is not given.
        ff_config: likewise.
        pre_attention_norm_config: likewise.
        pre_ff_norm_config: likewise.
        parallel_residual: likewise.
        final_norm_config: before the head.
        kv_cache_max_len: positions of the caches; `max_seq_len` if not given.
        embedding_scale: multiplies embeddings.
        lm_head_use_bias: of the head.
        lm_head_share_weight_with_embedding: whether the head's matrix is the embedding's.
        final_logit_softcap: c in c * tanh(logit / c).
        enable_hlfb: accepted for models that were written for another converter; it changes nothing.
    """

    vocab_size: int
    num_layers: int
    max_seq_len: int
    embedding_dim: int
    block_configs: TransformerBlockConfig | Sequence[TransformerBlockConfig] | None = None
    attn_config: AttentionConfig | None = None
    ff_config: FeedForwardConfig | None = None
    pre_attention_norm_config: NormalizationConfig = NO_NORM
    pre_ff_norm_config: NormalizationConfig = NO_NORM
    parallel_residual: bool = False
    final_norm_config: NormalizationConfig = field(default=NO_NORM)
    kv_cache_max_len: int | None = None
    embedding_scale: float | None = None
    lm_head_use_bias: bool = False
    lm_head_share_weight_with_embedding: bool = False
    final_logit_softcap: float | None = None
    enable_hlfb: bool = True

    def __post_init__(self) -> None:
        """Checks that the layers are told once.

        Raises:
            UserError: they are not told, told twice, or there are not as many as there should be.
        """
        flat = (self.attn_config, self.ff_config)
        if self.block_configs is None and None in flat:
            raise litewright.UserError("a model needs block_configs, or attn_config and ff_config")
        if self.block_configs is not None and flat != (None, None):
            raise litewright.UserError(
                "the layers are told twice: give block_configs, or attn_config and ff_config"
            )
        blocks = self.block_configs
        if isinstance(blocks, Sequence) and len(blocks) != self.num_layers:
            raise litewright.UserError(
                f"{len(blocks)} block_configs for {self.num_layers} layers: give one for each, or one for all"
            )

    @property
    def kv_cache_max(self) -> int:
        """Positions of the caches."""
        return self.kv_cache_max_len or self.max_seq_len

    @property
    def head_dim(self) -> int:
        """H of the first layer."""
        attention = self.block_config(0).attn_config
        return attention.head_dim or self.embedding_dim // attention.num_heads

    def block_config(self, index: int) -> TransformerBlockConfig:
        """The configuration of a layer."""
        blocks = self.block_configs
        if isinstance(blocks, TransformerBlockConfig):
            return blocks
        if blocks is not None:
            return blocks[index]
        assert self.attn_config is not None, "the constructor checks it"
        assert self.ff_config is not None, "the constructor checks it"
        return TransformerBlockConfig(
            self.attn_config,
            self.ff_config,
            self.pre_attention_norm_config,
            self.pre_ff_norm_config,
            self.parallel_residual,
        )
