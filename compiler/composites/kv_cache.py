"""The update of a key or value cache at consecutive positions."""

import torch
from torch import Tensor

from .define import composite


@composite("litewright::kv_cache_update")
def kv_cache_update(cache: Tensor, update: Tensor, input_pos: Tensor, axis: int) -> Tensor:
    """The cache with `update` written at positions `input_pos[0]`, `input_pos[0] + 1`, ... of `axis`.

    Only the first position is read. A start that would let the update run over either end is moved
    inwards, as StableHLO's `dynamic_update_slice` does.

    Args:
        cache: any shape and dtype.
        update: of the cache's dtype; its shape is the cache's but along `axis`, where it is T.
        input_pos: [T], int32 or int64, consecutive.
        axis: where positions are laid out; may count from the end.

    Returns:
        A new tensor of the cache's shape and dtype; the cache itself is not changed.
    """
    count = update.shape[axis]
    room = cache.shape[axis] - count
    if room < 0:
        raise ValueError(f"{count} positions do not fit a cache of {cache.shape[axis]}")
    start = input_pos[:1].to(torch.int64).clamp(0, room)
    positions = start + torch.arange(count, device=cache.device)
    return cache.index_copy(axis, positions, update)
