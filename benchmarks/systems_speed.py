"""Training steps of every system at its published size: recordings per second, tokens, memory.

    python benchmarks/systems_speed.py [--quick] [--batch 8] [--only NAME] [--device cpu]

12 x 5,000 samples. Texts are frozen where the system has them so: their vectors are constants, as
training keeps them (computed once). "text re-embedded" is what a step costs that runs the frozen
BERT-base over reports padded to 256 tokens each time, as MERL's released code does. MELP trains its
BERT-base (random weights here) along. Every system is measured in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from measuring import Figure, interleaved, main, peak_memory_mib
from random_bert import random_bert
from train_speed import QUERIES, TEXT, batch_of, step_of

from cardiolex.datasets.batches import Batch
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.lead_vit import Tokens
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.vit import ViT
from cardiolex.systems import build
from cardiolex.systems.kmerl import KMERL
from cardiolex.systems.melp import MELP
from cardiolex.systems.merl import MERL
from cardiolex.systems.supreme import SuPreME

SYSTEMS = {
    "K-MERL": ("kmerl", KMERL.Config()),
    "SuPreME": ("supreme", SuPreME.Config()),
    "MERL-ResNet18": ("merl", MERL.Config(encoder=ResNet1D.Config())),
    "MERL-ViT-tiny": ("merl", MERL.Config(encoder=ViT.Config())),
    "MELP": ("melp", MELP.Config()),
}
REPORT = "Sinus rhythm with first degree AV block. Left axis deviation. Possible old infarct."


def measured(name: str, options: argparse.Namespace) -> list[Figure]:
    """Steps of one system in fp32 and bf16, and with its frozen text computed in each step."""
    device = torch.device(options.device)
    batch = batch_of(int(options.batch), 5000, device)
    batch.reports = [REPORT] * len(batch)
    key, config = SYSTEMS[name]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        text = random_bert(Path(folder)) if config.reads != "labels" else None
        tower = (CausalText if key == "melp" else HuggingFaceText)(text) if text else None
    system = build(key, config, tower, torch.randn(QUERIES, TEXT)).to(device).train()
    works = {form: step_of(system, batch, form == "bf16") for form in ("fp32", "bf16")}
    if config.reads == "vectors":
        works["bf16, text re-embedded"] = _embedding(tower, batch, works["bf16"])
    taken = interleaved(works, rounds=2 if options.quick else 6, warm_up=1)
    weights = sum(p.numel() for p in system.parameters() if p.requires_grad)
    note = f"{weights / 1e6:.1f} M trained, {_tokens(system, batch)} tokens"
    figures = [
        Figure("systems", f"{name}, {form}", len(batch) / seconds, "recordings/s", note)
        for form, seconds in taken.items()
    ]
    return [*figures, Figure("systems", f"{name}, peak memory", peak_memory_mib(), "MiB")]


def _embedding(
    text: HuggingFaceText | None, batch: Batch, step: Callable[[], None]
) -> Callable[[], None]:
    assert text is not None
    padded = [f"{report} " + "sinus " * 230 for report in batch.reports]

    def work() -> None:
        with torch.autocast(batch.ecg.device.type, torch.bfloat16):
            text.encode(padded, "mean")
        step()

    return work


def _tokens(system: torch.nn.Module, batch: Batch) -> int:
    """Tokens of a recording that the encoder gives, nothing masked."""
    parts = (batch.ecg[:1], batch.lead_mask[:1], batch.sample_mask[:1])
    with torch.no_grad():
        found = system.tokens(*parts)
    if isinstance(found, Tokens):
        found = found.values
    return int((found[0] if isinstance(found, tuple) else found).shape[1])


def measure(options: argparse.Namespace) -> list[Figure]:
    """Time whole training steps of every system at its published size."""
    if options.only:
        return measured(options.only, options)
    figures = []
    for name in SYSTEMS:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "figures.json"
            command = [sys.executable, __file__, "--only", name, "--json", str(result)]
            command += ["--batch", str(options.batch), "--device", options.device]
            subprocess.run(command + ["--quick"] * options.quick, check=True, stdout=sys.stderr)
            figures += [Figure(**row) for row in json.loads(result.read_text())]
    return figures


if __name__ == "__main__":
    default = "cuda" if torch.cuda.is_available() else "cpu"
    main(measure, batch="8", only="", device=default)
