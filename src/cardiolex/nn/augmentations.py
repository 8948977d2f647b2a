"""Random changes of twelve-lead ECGs that keep them physically possible.

Sources: Mehari & Strodthoff (arXiv 2103.12676) for crop, time-out, gain, noises, warp; TS-TCC
(arXiv 2106.14112) for permutation; ours where they are not physical:
- Amplitudes are relative to the recording's own scale, its standard deviation over real samples:
  the same signal-to-noise ratio in millivolts and after any rescaling.
- What adds to limb leads is drawn for I and II and carried to III, aVR, aVL and aVF by Einthoven
  and Goldberger; the limb leads have one gain, so that the electrical axis stays. What moves time
  moves all leads alike. So I + III = II survives everything here (in other units too).
- Absent leads and padding stay zero, and padding stays where it is (but for `shift`).
Each function takes a `Signal` and returns a new one; each recording has its own draw, from
`generator` or torch's own. Where two numbers are a range, they are drawn from uniformly.
Shapes: B batch, L = 12 leads in the standard order, T samples.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.nn.signal import (
    INDEPENDENT,
    Generator,
    Range,
    Signal,
    lead_means,
    normal,
    scale_of,
    span,
    time,
    uniform,
)

LIMB_LEADS = 6
FROM_I_AND_II = ((1.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (-0.5, -0.5), (1.0, -0.5), (-0.5, 1.0))
"""I, II, III, aVR, aVL, aVF as multiples of I and II."""

# Amplitude


def gain(signal: Signal, limits: Range = (0.5, 2.0), generator: Generator = None) -> Signal:
    """Multiply by log-uniform gains: one for all limb leads, one for each precordial lead."""
    logs = (math.log(limits[0]), math.log(limits[1]))
    channels = 1 + signal.ecg.shape[1] - LIMB_LEADS
    gains = uniform(signal, (len(signal.ecg), channels, 1), logs, generator).exp()
    limb = gains[:, :1].expand(-1, LIMB_LEADS, -1)
    mean = lead_means(signal)  # rescaled signals have an offset, which is no amplitude
    factor = torch.cat([limb, gains[:, 1:]], dim=1)
    return signal.changed(mean + factor * (signal.ecg - mean))


def white_noise(signal: Signal, level: float = 0.05, generator: Generator = None) -> Signal:
    """Add independent Gaussian noise of `level` times the recording's scale."""
    return _with(signal, level * normal(signal, generator))


def muscle_noise(signal: Signal, level: float = 0.2, generator: Generator = None) -> Signal:
    """Add high-frequency noise that swells once: the derivative of white noise in a window."""
    noise = torch.diff(normal(signal, generator, more=1), dim=2) / math.sqrt(2)
    centre, width = (
        uniform(signal, (len(noise), 1, 1), limits, generator)
        for limits in ((0.0, 1.0), (0.05, 0.3))
    )
    swell = torch.exp(-0.5 * ((time(signal) / signal.ecg.shape[2] - centre) / width).square())
    return _with(signal, level * swell * noise)


def baseline_wander(
    signal: Signal,
    fs: float,
    level: float = 0.5,
    below_hz: float = 0.5,
    generator: Generator = None,
) -> Signal:
    """Add slow sinusoids of random phase, of one course and its own size in each channel.

    `level` is the largest root mean square of a channel's wander.
    """
    frequencies = [below_hz * k / 10 for k in range(1, 11)]
    return _with(signal, level * _waves(signal, frequencies, fs, generator))


def powerline(
    signal: Signal, fs: float, level: float = 0.2, harmonics: int = 3, generator: Generator = None
) -> Signal:
    """Add 50 or 60 Hz hum with weaker `harmonics`, as far as `fs` can hold them."""
    hums = []
    for mains in (50.0, 60.0):
        held = [k * mains for k in range(1, harmonics + 2) if k * mains < fs / 2]
        hums.append(_waves(signal, held, fs, generator, falling=True))
    sixty = uniform(signal, (len(signal.ecg), 1, 1), (0.0, 1.0), generator) < 0.5
    return _with(signal, level * torch.where(sixty, hums[1], hums[0]))


def baseline_step(signal: Signal, level: float = 0.5, generator: Generator = None) -> Signal:
    """Lift a random stretch of each channel by an offset of up to +-`level`."""
    shape = (len(signal.ecg), INDEPENDENT, 1)
    ends = uniform(signal, (len(signal.ecg), 2, 1), (0.0, 1.0), generator).sort(dim=1).values
    now = time(signal) / signal.ecg.shape[2]
    inside = (now >= ends[:, :1]) & (now < ends[:, 1:])
    return _with(signal, uniform(signal, shape, (-level, level), generator) * inside)


# Frequency


def blur(signal: Signal, fs: float, seconds: float = 0.01) -> Signal:
    """Smooth with a Gaussian of standard deviation `seconds`; ends are continued."""
    sigma = seconds * fs
    reach = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, device=signal.ecg.device)
    kernel = torch.exp(-0.5 * (offsets / max(sigma, 1e-3)).square())
    kernel = (kernel / kernel.sum()).expand(signal.ecg.shape[1], 1, -1).to(signal.ecg.dtype)
    padded = F.pad(signal.ecg, (reach, reach), mode="replicate")
    return signal.changed(F.conv1d(padded, kernel, groups=signal.ecg.shape[1]))


def drop_band(
    signal: Signal, fs: float, limits: Range = (1.0, 40.0), width_hz: float = 5.0,
    generator: Generator = None,
) -> Signal:  # fmt: skip
    """Remove a band of `width_hz` around a random frequency within `limits` from all leads."""
    spectrum = torch.fft.rfft(signal.ecg, dim=2)
    frequencies = torch.fft.rfftfreq(signal.ecg.shape[2], 1 / fs, device=signal.ecg.device)
    centre = uniform(signal, (len(signal.ecg), 1, 1), limits, generator)
    kept = (frequencies - centre).abs() > width_hz / 2
    return signal.changed(torch.fft.irfft(spectrum * kept, n=signal.ecg.shape[2], dim=2))


# Time


def crop_resize(signal: Signal, share: Range = (0.5, 1.0), generator: Generator = None) -> Signal:
    """Stretch a random part of the recording over its whole length; lowers the heart rate."""
    first, length = span(signal)
    kept = uniform(signal, first.shape, share, generator)
    start = uniform(signal, first.shape, (0.0, 1.0), generator) * (1 - kept) * (length - 1)
    position = first + start + (time(signal)[0] - first) * kept
    return _resampled(signal, position, signal.sample_mask)


def warp(signal: Signal, strength: float = 0.1, generator: Generator = None) -> Signal:
    """Run faster here and slower there, by up to the share `strength`, start and end kept."""
    first, length = span(signal)
    u = ((time(signal)[0] - first) / (length - 1).clamp(min=1)).clamp(0, 1)
    waves = torch.arange(1, 4, device=u.device)
    weights = uniform(signal, (len(u), 1, 3), (-1.0, 1.0), generator)
    weights = strength * weights / weights.abs().sum(dim=2, keepdim=True).clamp(min=1e-6)
    drift = (weights * torch.sin(math.pi * waves * u[:, :, None]) / (math.pi * waves)).sum(dim=2)
    return _resampled(signal, first + (u + drift) * (length - 1), signal.sample_mask)


def shift(signal: Signal, fs: float, seconds: float = 0.5, generator: Generator = None) -> Signal:
    """Move by up to `seconds` either way; what comes from outside the window is padding."""
    limit = (span(signal)[1] / 2).clamp(max=seconds * fs)  # at least half of it stays
    by = uniform(signal, limit.shape, (-1.0, 1.0), generator) * limit
    position = time(signal)[0] + by.round()
    return _resampled(signal, position, (position >= 0) & (position < signal.ecg.shape[2]))


def permute(signal: Signal, most: int = 8, generator: Generator = None) -> Signal:
    """Cut in 2 to `most` equal segments and shuffle them, in the same way in all leads."""
    b = len(signal.ecg)
    first, length = span(signal)
    pieces = uniform(signal, (b, 1), (2.0, most + 1.0), generator).floor().clamp(max=most)
    since = time(signal)[0] - first
    piece = (since * pieces / length.clamp(min=1)).floor().clamp(0, most - 1).long()
    key = uniform(signal, (b, most), (0.0, 1.0), generator).gather(1, piece)
    key = key.masked_fill(since < 0, -1.0).masked_fill(since >= length, 2.0)  # padding stays
    order = key.argsort(dim=1, stable=True)
    ecg = signal.ecg.gather(2, order[:, None].expand(-1, signal.ecg.shape[1], -1))
    return signal.changed(ecg, signal.sample_mask.gather(1, order))


# Masking


def time_out(signal: Signal, share: Range = (0.2, 0.4), generator: Generator = None) -> Signal:
    """Take away one stretch of the recording, `share` of its length, in all leads."""
    first, length = span(signal)
    lost = uniform(signal, first.shape, share, generator) * length
    start = first + uniform(signal, first.shape, (0.0, 1.0), generator) * (length - lost)
    now = time(signal)[0]
    inside = (now >= start) & (now < start + lost)
    return signal.changed(signal.ecg, signal.sample_mask & ~inside)


def lead_out(signal: Signal, probability: float = 0.5, generator: Generator = None) -> Signal:
    """Take away each lead with `probability`; at least one stays."""
    noise = uniform(signal, signal.lead_mask.shape, (0.0, 1.0), generator)
    noise = noise.masked_fill(~signal.lead_mask, -1.0)
    last = noise == noise.amax(dim=1, keepdim=True)
    leads = signal.lead_mask & ((noise >= probability) | last)
    return Signal(signal.ecg * leads[:, :, None], leads, signal.sample_mask)


def _with(signal: Signal, channels: Tensor) -> Signal:
    """Add `channels` (B, 8, T), in units of the recording's scale, and what follows of them."""
    one, two = channels[:, :1], channels[:, 1:2]
    limb = torch.cat([a * one + b * two for a, b in FROM_I_AND_II], dim=1)
    added = torch.cat([limb, channels[:, 2:]], dim=1)
    return signal.changed(signal.ecg + scale_of(signal) * added)


def _waves(
    signal: Signal, frequencies: list[float], fs: float, generator: Generator, falling: bool = False
) -> Tensor:
    """Sum of sinusoids with random phases, (B, 8, T): root mean square up to 1 in a channel."""
    b = len(signal.ecg)
    course = torch.zeros_like(signal.ecg[:, :1])
    square = torch.zeros_like(course[:, :, :1])
    for k, frequency in enumerate(frequencies):
        size = uniform(signal, (b, 1, 1), (0.0, 1.0), generator) / (k + 1 if falling else 1)
        phase = uniform(signal, (b, 1, 1), (0.0, 2 * math.pi), generator)
        course = course + size * torch.sin(2 * math.pi * frequency / fs * time(signal) + phase)
        square = square + size.square() / 2
    sizes = uniform(signal, (b, INDEPENDENT, 1), (-1.0, 1.0), generator)
    return sizes * course / square.sqrt().clamp(min=1e-6)


def _resampled(signal: Signal, position: Tensor, where: Tensor) -> Signal:
    """The signal read at `position` (B, T), between samples linearly; padding but for `where`."""
    last = signal.ecg.shape[2] - 1
    position = position.clamp(0, last)
    below = position.floor().long()
    above = (below + 1).clamp(max=last)
    part = (position - below)[:, None].to(signal.ecg.dtype)
    wide = (-1, signal.ecg.shape[1], -1)
    a, b = (signal.ecg.gather(2, at[:, None].expand(*wide)) for at in (below, above))
    real = signal.sample_mask.gather(1, below)
    real = real & (signal.sample_mask.gather(1, above) | (part[:, 0] < 1e-3))
    return signal.changed(torch.lerp(a, b, part), real & where)
