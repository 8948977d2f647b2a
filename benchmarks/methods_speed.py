"""Training steps of every method: recordings per second of processor time, and peak memory.

    python benchmarks/methods_speed.py [--quick] [--size comparison] [--batch 32] [--only NAME]

At the sizes of `cardiolex reproduce` (12 leads, 5 s at 100 Hz), or with `--size published` at those
of the ECG-only recipes (12 leads, 10 s at 500 Hz). Simulated signals with frozen text embedded
beforehand; forward, backward and optimiser step, no reading. Every method has a process of its own,
so that peak memory is its own; on one thread processor time is little troubled by neighbours.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from measuring import Figure, main, peak_memory_mib

from cardiolex.datasets.batches import Batch, collate
from cardiolex.datasets.simulated import SimulatedECGs
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.interpreter import BUNDLED
from cardiolex.recipes.contenders import ECG_ONLY, FS, LANGUAGE, SECONDS
from cardiolex.recipes.ecg_only import fitted
from cardiolex.recipes.ecg_only_methods import METHODS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.scaling import Scale
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Settings
from cardiolex.systems import build
from cardiolex.systems.heartlang import HeartLang
from cardiolex.training.optim import adamw


@dataclass(frozen=True)
class Method:
    """A system and the signals it is measured on."""

    system_name: str
    system: Any
    preprocess: Preprocess
    causal_text: bool = False


def methods(size: str) -> dict[str, Method]:
    """What is measured, by name."""
    if size == "published":
        preprocess = Preprocess(highpass_hz=0.4)
        found = {
            key: Method(key, fitted(method.system, preprocess)[0], preprocess)
            for key, method in METHODS.items()
        }
        words = found["heartlang_tokenizer"].system
        second = HeartLang.Config(
            beats=words.beats, encoder=words.tokenizer.encoder, tokenizer=words.tokenizer
        )
        return {**found, "heartlang": Method("heartlang", second, preprocess)}
    found = {}
    for name, chosen in {**LANGUAGE, **ECG_ONLY}.items():
        scale: Scale = chosen.scale
        preprocess = Preprocess(fs=FS, seconds=SECONDS, highpass_hz=0.4, scale=scale)
        if chosen.first is not None:
            first = chosen.first
            found[f"{name}, first stage"] = Method(first.system_name, first.system, preprocess)
        found[name] = Method(chosen.system_name, chosen.system, preprocess, chosen.causal_text)
    return found


def batch_of(size: int, preprocess: Preprocess) -> Batch:
    """Simulated recordings with their reports and labels."""
    settings = Settings(fs=2 * preprocess.fs, seconds=preprocess.seconds)
    data = SimulatedECGs(size, Vocabulary.load(), preprocess, settings)
    return collate([data[i] for i in range(size)])


def measured(name: str, options: argparse.Namespace) -> list[Figure]:
    """One method, in bfloat16 and in float32."""
    method = methods(options.size)[name]
    batch = batch_of(int(options.batch), method.preprocess)
    text = (CausalText if method.causal_text else HuggingFaceText)(BUNDLED / "text")
    vocabulary = Vocabulary.load()
    vectors = text.encode(vocabulary.names, text.query_pooling)
    batch.report_vectors = text.encode(batch.reports, text.report_pooling)
    torch.manual_seed(0)
    settings = method.system.model_copy(update={"text_dim": text.dim})
    system = build(method.system_name, settings, text, vectors).train()
    taken = {form: _seconds(_step(system, batch, form == "bf16"), options) for form in FORMS}
    weights = sum(p.numel() for p in system.parameters() if p.requires_grad)
    note = f"{weights / 1e6:.2f} M trained, batch {len(batch)}"
    figures = [
        Figure("methods", f"{name}, {form}", len(batch) / seconds, "recordings/CPU s", note)
        for form, seconds in taken.items()
    ]
    return [*figures, Figure("methods", f"{name}, peak memory", peak_memory_mib(), "MiB")]


FORMS = ("bf16", "fp32")


def _step(system: Any, batch: Batch, bf16: bool) -> Callable[[], None]:
    optimiser = adamw(system, 1e-4, 0.01, (0.9, 0.98))

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = system.losses(batch)["loss"]
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def _seconds(step: Callable[[], None], options: argparse.Namespace) -> float:
    """Processor seconds of a step, mean after one to warm up."""
    step()
    rounds = 3 if options.quick else 10
    start = time.process_time()
    for _ in range(rounds):
        step()
    return (time.process_time() - start) / rounds


def measure(options: argparse.Namespace) -> list[Figure]:
    """Time training steps of every method, each in a process of its own."""
    if options.only:
        return measured(options.only, options)
    figures = []
    for name in methods(options.size):
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "figures.json"
            command = [sys.executable, __file__, "--only", name, "--json", str(result)]
            command += ["--size", options.size, "--batch", str(options.batch)]
            subprocess.run(command + ["--quick"] * options.quick, check=True, stdout=sys.stderr)
            figures += [Figure(**row) for row in json.loads(result.read_text())]
    return figures


if __name__ == "__main__":
    main(measure, size="comparison", batch="32", only="")
