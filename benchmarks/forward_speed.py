"""The bundled network alone: ways to run it, in turn in one process, beside plain float32 torch."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measuring import Figure, main

from cardiolex.interpreter import load
from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import sample_paths


def measure(options: argparse.Namespace) -> list[Figure]:
    """Processor time of one forward pass and the largest difference in probability."""
    from cardiolex.export.onnx import export_onnx
    from cardiolex.portable.graphs import Graph
    from cardiolex.portable.tokens import recorded, score

    torch.set_num_threads(options.threads)
    model = load(options.model or None, "cpu")
    system = model.system
    recordings = [read(path) for path in sample_paths()]
    cut = [model.checkpoint.preprocess.windows(one).at(np.array([0])) for one in recordings]
    cut = [one for one in cut if one.lead_mask.all() and one.sample_mask.all()][: options.batch]
    ecg, leads, samples = (
        np.concatenate([getattr(one, name) for one in cut])
        for name in ("ecg", "lead_mask", "sample_mask")
    )
    given = [torch.from_numpy(part) for part in (ecg, leads, samples)]
    vectors = model._vectors([question.text for question in model.questions(None)])
    ways = {"torch float32": lambda: system.score_queries(*given, vectors).numpy()}

    def bfloat16() -> np.ndarray:
        with torch.autocast("cpu", torch.bfloat16):
            return system.score_queries(*given, vectors).float().numpy()

    ways["torch bfloat16"] = bfloat16
    from cardiolex.interpreter import BUNDLED

    with tempfile.TemporaryDirectory() as folder:
        for weights in ("float32", "int8"):
            target = Path(options.exported or folder) / weights
            if not (target / "model.onnx").is_file():
                export_onnx(options.model or BUNDLED, target, weights=weights)
            graph = Graph(target / "model.onnx", options.threads)
            visible = recorded(leads, samples, system.encoder.config.segment_samples)
            ways[f"ONNX Runtime {weights}"] = lambda graph=graph, visible=visible: score(
                graph, ecg, visible, vectors.numpy()
            )
        return _compare(ways, options.rounds, len(ecg))


def _compare(ways: dict, rounds: int, batch: int) -> list[Figure]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    answers = {}
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for name, run in ways.items():
                start = time.process_time()
                answers[name] = run()
                if turn:  # the first round warms up
                    taken[name].append(time.process_time() - start)
    plain, *_ = ways
    probabilities = {name: 1 / (1 + np.exp(-x)) for name, x in answers.items()}
    figures = []
    for name, times in taken.items():
        best = float(np.median(times))
        figures += [
            Figure("forward", f"{name}, {batch} at a time", 1000 * best / batch, "ms CPU each"),
            Figure("forward", f"{name}, ratio", float(np.median(taken[plain])) / best, "x"),
            Figure(
                "forward",
                f"{name}, largest difference",
                float(np.abs(probabilities[name] - probabilities[plain]).max()),
                "probability",
            ),
        ]
    return figures


if __name__ == "__main__":
    main(measure, model="", exported="", threads=1, batch=1, rounds=5)
