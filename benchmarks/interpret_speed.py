"""Interpretation from recording to findings: latency, recordings per second and peak memory.

For 1, 3 and 12 leads, as `cardiolex.load` answers here and in float32, in turn.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial

from measuring import Figure, interleaved, main, peak_memory_mib

from cardiolex.findings import Findings
from cardiolex.interpreter import Interpreter
from cardiolex.loading import load
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths

CONDITIONS = (
    "atrial fibrillation",
    "sinus bradycardia",
    "first degree av block",
    "left bundle branch block",
    "right bundle branch block",
    "left ventricular hypertrophy",
    "anterior myocardial infarction",
    "inferior myocardial infarction",
    "premature ventricular complex",
    "normal ecg",
)
LEADS = {"1 lead": ("I",), "3 leads": ("I", "II", "V2"), "12 leads": None}


def measure(options: argparse.Namespace) -> list[Figure]:
    """Ask ten conditions of bundled real recordings with the bundled model (or `--model`)."""
    start = time.perf_counter()
    model = load(options.model or None)
    figures = [Figure("interpret", "loading the model", time.perf_counter() - start, "s")]
    models = {model.precision: model, "float32": load(options.model or None, precision="float32")}
    whole = read(next(path for path in sample_paths() if path.suffix == ".hea"))
    recording = whole.crop(0.0, 10.0)
    many = [recording] * (8 if options.quick else 32)
    rounds = 5 if options.quick else 15
    for label, leads in LEADS.items():
        works: dict[str, Callable[[], object]] = {}
        for name, one in models.items():
            works[f"{name}, one"] = partial(one.interpret, recording, CONDITIONS, leads=leads)
            works[f"{name}, many"] = partial(_all, one, many, leads)
        taken = interleaved(works, rounds=rounds)
        for name in models:
            rate = len(many) / taken[f"{name}, many"]
            figures += [
                Figure(
                    "interpret",
                    f"{label}, {name}, one recording",
                    1000 * taken[f"{name}, one"],
                    "ms",
                ),
                Figure("interpret", f"{label}, {name}, batched", rate, "recordings/s"),
            ]
    figures.append(Figure("interpret", "peak memory", peak_memory_mib(), "MiB"))
    return figures


def _all(
    model: Interpreter, recordings: Sequence[Recording], leads: Sequence[str] | None
) -> list[Findings]:
    return list(model.interpret_many(recordings, CONDITIONS, leads=leads))


if __name__ == "__main__":
    main(measure, model="")
