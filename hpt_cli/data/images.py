"""Images on one scale: all pixels of a channel share theirs, as a convolution takes them all alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hpt_cli.data.raw import Array, Raw
from hpt_cli.data.split import Split

BLOCK = 4096
"""Rows that are worked on at once, so that no copy in float64 is as large as the data."""
WHITE = 255.0
"""The largest number of an 8-bit image."""


def fit_images(raw: Raw, split: Split, scale: str) -> tuple[Array, Array, list[str]]:
    """What to take off each number and what to divide it by, (D,) each, and notes.

    ``standard`` takes off each channel's mean over all pixels of the training part and divides by their
    standard deviation; ``minmax`` brings each channel to [0, 1]; ``none`` divides 8-bit images by 255 and
    leaves others alone.  A missing pixel becomes the mean.
    """
    if raw.image_shape is None:
        raise ValueError("the data is no images")
    height, width, channels = raw.image_shape
    notes = [f"Images of {height} x {width} pixels, {channels} channel{'s' if channels > 1 else ''}."]
    mean, std = _scale(raw, split.train, scale, channels)
    if raw.numbers.dtype.kind == "f" and (missing := int(np.isnan(raw.numbers).sum())):
        notes.append(f"Missing pixels take their channel's mean in the training part: {missing:,} of them.")
    pixels = height * width
    return np.tile(mean, pixels), np.tile(std, pixels), notes


def _blocks(raw: Raw, rows: Array, channels: int) -> Iterator[Array]:
    """The rows, a block at a time, as (pixels, channels)."""
    for start in range(0, len(rows), BLOCK):
        yield raw.numbers[rows[start : start + BLOCK]].reshape(-1, channels)


def _scale(raw: Raw, train: Array, scale: str, channels: int) -> tuple[Array, Array]:
    """What to take off each channel and what to divide it by, (C,) each."""
    eight_bit = raw.numbers.dtype == np.uint8
    if scale == "none":
        return np.zeros(channels), np.full(channels, WHITE if eight_bit else 1.0)
    values, counts = _histograms(raw, train, channels) if eight_bit else (None, None)
    if scale == "minmax":
        if values is not None and counts is not None:
            low = np.array([values[own > 0].min() for own in counts])
            high = np.array([values[own > 0].max() for own in counts])
        else:
            low = np.min([np.fmin.reduce(b, 0) for b in _blocks(raw, train, channels)], 0).astype(float)
            high = np.max([np.fmax.reduce(b, 0) for b in _blocks(raw, train, channels)], 0).astype(float)
        return low, np.where(high > low, high - low, 1.0)
    if values is not None and counts is not None:
        n = counts.sum(axis=1)
        mean = counts @ values / n
        variance = (counts * (values - mean[:, None]) ** 2).sum(axis=1) / n
    else:
        n = np.maximum(1, np.sum([np.isfinite(b).sum(0) for b in _blocks(raw, train, channels)], 0))
        mean = np.sum([np.nansum(b.astype(np.float64), 0) for b in _blocks(raw, train, channels)], 0) / n
        variance = np.sum([np.nansum((b - mean) ** 2, 0) for b in _blocks(raw, train, channels)], 0) / n
    std = np.sqrt(variance)
    return mean, np.where(std > 0, std, 1.0)


def _histograms(raw: Raw, rows: Array, channels: int) -> tuple[Array, Array]:
    """The 256 values, and how often each channel has each of them (C, 256)."""
    counts = np.zeros((channels, 256))
    for block in _blocks(raw, rows, channels):
        for channel in range(channels):
            counts[channel] += np.bincount(block[:, channel], minlength=256)
    return np.arange(256.0), counts


def scale_images(raw: Raw, rows: Array, mean: Array, std: Array) -> Array:
    """Rows of float32 made by ``(raw - mean) / std``; a missing pixel is 0."""
    if raw.image_shape is None:
        raise ValueError("the data is no images")
    channels = raw.image_shape[2]
    mean, std = mean[:channels], std[:channels]
    scaled = np.empty((len(rows), raw.numbers.shape[1]), np.float32)
    table = ((np.arange(256.0)[:, None] - mean) / std).astype(np.float32)  # of every 8-bit value, by channel
    places = range(0, len(rows), BLOCK)
    for start, block in zip(places, _blocks(raw, rows, channels), strict=True):
        out = scaled[start : start + BLOCK].reshape(-1, channels)
        if block.dtype == np.uint8:
            for channel in range(channels):
                out[:, channel] = table[:, channel].take(block[:, channel])
        else:
            out[...] = np.nan_to_num((block - mean) / std, nan=0.0)
    return scaled
