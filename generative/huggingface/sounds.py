"""Sounds as the features that a model's encoder reads."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np

import litewright

from .descriptions import reason
from .library import AutoFeatureExtractor
from .weights import Array

_WIDTHS = {2: (np.dtype("<i2"), 2**15), 4: (np.dtype("<i4"), 2**31)}


def features_of(folder: str | os.PathLike[str], sound: str | os.PathLike[str]) -> Array:
    """What the feature extractor of a checkpoint makes of a sound.

    Args:
        folder: has the extractor's `preprocessor_config.json`.
        sound: a .wav file of integers of 16 or 32 bits, at the rate that the extractor wants; channels are averaged.

    Returns:
        float32, as `Seq2SeqGenerator.encode` takes them.

    Raises:
        UserError: there is no extractor, or the file is no such sound.
    """
    try:
        extractor = AutoFeatureExtractor.from_pretrained(Path(folder), local_files_only=True)
        rate = int(extractor.sampling_rate)
    except (ValueError, OSError, KeyError, ImportError, AttributeError) as error:
        raise litewright.UserError(
            f"{folder}: no feature extractor of sounds here: give the folder of the checkpoint, with its "
            f"preprocessor_config.json: {reason(error)}"
        ) from error
    samples = _samples(Path(sound), rate)
    made = extractor(samples, sampling_rate=rate, return_tensors="np")
    return np.asarray(made[extractor.model_input_names[0]], np.float32)


def _samples(path: Path, rate: int) -> Array:
    """From -1 to 1."""
    try:
        with wave.open(str(path), "rb") as file:
            told = file.getparams()
            content = file.readframes(told.nframes)
    except (OSError, EOFError, wave.Error) as error:
        raise litewright.UserError(
            f"{path}: no .wav file of plain integers ({str(error) or 'it ends early'}); make one, as by: "
            f"{_command(path, rate)}"
        ) from error
    if told.framerate != rate or told.sampwidth not in _WIDTHS:
        raise litewright.UserError(
            f"{path}: {told.framerate} samples a second of {8 * told.sampwidth} bits; wanted are {rate} of 16 or 32 "
            f"bits, as by: {_command(path, rate)}"
        )
    dtype, peak = _WIDTHS[told.sampwidth]
    integers = np.frombuffer(content, dtype).reshape(-1, told.nchannels)
    return (integers.mean(-1) / peak).astype(np.float32)


def _command(path: Path, rate: int) -> str:
    return f"ffmpeg -i {path.name} -ar {rate} -c:a pcm_s16le converted.wav"
