"""What the published networks of MERL and MELP compute for weights that a rule gives.

tests/data/parity holds their outputs and the names and shapes of their weights; see its README.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).parent / "data" / "parity"


def generator(name: str) -> np.random.Generator:
    """Random numbers that belong to a name."""
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def shapes(network: str) -> dict:
    """Original name -> shape of each weight."""
    return json.loads((FOLDER / f"{network}_keys.json").read_text(encoding="utf-8"))


def weights(names: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    """Weights by the rule, under the original's names; counters are zero."""
    return {name: _weight(name, tuple(shape)) for name, shape in names.items()}


def _weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    if not shape:
        return torch.tensor(0)
    n = generator(name).standard_normal(shape).astype(np.float32)
    if name.endswith(("running_var", "weight_g")):
        value = 1 + 0.1 * np.abs(n)
    elif len(shape) == 1:
        value = 1 + 0.1 * n if name.endswith("weight") else 0.1 * n
    else:
        value = n / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(value, np.float32))


def ecg(n: int) -> torch.Tensor:
    """The batch (n, 12, 5000) that the originals were fed, in their order of leads."""
    return torch.from_numpy(generator("input").random((n, 12, 5000), dtype=np.float32))


def expected(network: str) -> dict[str, torch.Tensor]:
    """Outputs of the original."""
    with np.load(FOLDER / f"{network}.npz") as stored:
        return {name: torch.from_numpy(np.asarray(stored[name])) for name in stored.files}


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest difference, relative to the largest number."""
    return float((a - b).abs().max() / b.abs().max())
