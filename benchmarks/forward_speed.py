"""The bundled network alone: ways to run it, in turn in one process, beside plain float32 torch.

Speed is of windows with twelve leads; what is lost is of whole answers, as `interpret` gives them.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import Figure, main

from cardiolex.evaluation.truth import read_truth
from cardiolex.export.onnx import export_onnx
from cardiolex.inference.precision import bfloat16_scores
from cardiolex.interpreter import BUNDLED, Interpreter, load
from cardiolex.interpreter.networks import LEADS_ON_A_CORE
from cardiolex.nn.by_shape import by_shape
from cardiolex.portable.interpreter import OnnxInterpreter, load_onnx
from cardiolex.portable.tokens import recorded
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths

PLAIN = "torch float32"
WEIGHTS = ("float32", "float16", "int8")
MANY = 8  # windows of a batch
Network = Callable[[Windows], Any]


def measure(options: argparse.Namespace) -> list[Figure]:
    """Latency, windows per second, and the largest difference in probability of each way.

    `--table` (CSV) with `--root`: the differences and the AUROC on these records, else on the
    bundled samples; `--leads I,II` for fewer leads there; `--every 4` for every fourth record.
    """
    threads = int(options.threads)
    torch.set_num_threads(threads)
    plain = load(options.model or None, "cpu")
    rounded = Interpreter(plain.checkpoint, "cpu", precision="bfloat16")
    with tempfile.TemporaryDirectory() as folder:
        exported = {
            f"ONNX Runtime {weights}": _exported(options, Path(folder), weights, threads)
            for weights in WEIGHTS
        }
        networks = _torch_networks(plain) | {
            name: _exported_network(model, plain) for name, model in exported.items()
        }
        figures = _speeds(networks, _whole_windows(plain), int(options.rounds))
        models: dict[str, Interpreter | OnnxInterpreter] = {PLAIN: plain}
        models |= {"torch bfloat16": rounded, **exported}
        return figures + _losses(models, options)


def _exported(
    options: argparse.Namespace, folder: Path, weights: Any, threads: int
) -> OnnxInterpreter:
    target = Path(options.exported or folder) / weights
    if not (target / "model.onnx").is_file():
        export_onnx(options.model or BUNDLED, target, weights=weights)
    return load_onnx(target, threads=threads)


def _torch_networks(model: Interpreter) -> dict[str, Network]:
    """Plain float32, the same under autocast, and what `cardiolex.load` takes."""
    vectors = _queries(model)
    scores = bfloat16_scores(model.system)

    def tensors(cut: Windows) -> list[torch.Tensor]:
        return [torch.from_numpy(part) for part in (cut.ecg, cut.lead_mask, cut.sample_mask)]

    def autocast(cut: Windows) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return model.system.score_queries(*tensors(cut), vectors)

    def beside(score: Callable[..., torch.Tensor]) -> Network:
        cpu = torch.device("cpu")
        ask = lambda *given: score(*given, vectors)  # noqa: E731
        return lambda cut: by_shape(ask, *tensors(cut), LEADS_ON_A_CORE, cpu, beside=True)

    return {
        PLAIN: lambda cut: model.system.score_queries(*tensors(cut), vectors),
        "torch float32, windows beside one another": beside(model.system.score_queries),
        "torch bfloat16, autocast": autocast,
        "torch bfloat16 (as loaded)": beside(scores),
    }


def _exported_network(exported: OnnxInterpreter, model: Interpreter) -> Network:
    vectors = _queries(model).numpy()
    samples = exported.model.segment_samples

    def run(cut: Windows) -> Any:
        visible = recorded(cut.lead_mask, cut.sample_mask, samples)
        return exported.model.score(cut.ecg, visible, vectors)

    return run


def _queries(model: Interpreter) -> torch.Tensor:
    return model.networks.vectors([question.text for question in model.questions(None)])


def _whole_windows(model: Interpreter) -> Windows:
    """Ten seconds of bundled real recordings, all leads there, `MANY` windows."""
    cut = [model.checkpoint.preprocess.windows(read(path)) for path in sample_paths()]
    whole = [one.at(np.array([0])) for one in cut if one.lead_mask.all() and one.sample_mask.all()]
    chosen = [whole[n % len(whole)] for n in range(MANY)]
    names = ("ecg", "lead_mask", "sample_mask", "start_s")
    return Windows(*(np.concatenate([getattr(one, name) for one in chosen]) for name in names))


def _speeds(networks: dict[str, Network], windows: Windows, rounds: int) -> list[Figure]:
    """Medians over `rounds` of all ways in turn: wall clock and time of all processor cores."""
    cases = {"one": windows.at(np.array([0])), "many": windows}
    wall: dict[tuple[str, str], list[float]] = {}
    cores: dict[tuple[str, str], list[float]] = {}
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for name, network in networks.items():
                for case, given in cases.items():
                    start, busy = time.perf_counter(), time.process_time()
                    network(given)
                    if turn:  # the first round warms up
                        wall.setdefault((name, case), []).append(time.perf_counter() - start)
                        cores.setdefault((name, case), []).append(time.process_time() - busy)
    figures = []
    for name in networks:
        for case, given in cases.items():
            count, key, base = len(given), (name, case), (PLAIN, case)
            taken, busy = statistics.median(wall[key]), statistics.median(cores[key])
            faster = statistics.median(wall[base]) / taken
            less = statistics.median(cores[base]) / busy
            about = f"{name}, {count} at a time"
            figures += [
                Figure("forward", f"{about}", 1000 * taken / count, "ms each"),
                Figure("forward", f"{about}, processor", 1000 * busy / count, "ms each"),
                Figure("forward", f"{about}, ratio", faster, "x"),
                Figure("forward", f"{about}, ratio of processor time", less, "x"),
            ]
    return figures


def _losses(
    models: dict[str, Interpreter | OnnxInterpreter], options: argparse.Namespace
) -> list[Figure]:
    """Largest and mean difference of the calibrated probabilities, and what AUROC they leave."""
    leads = options.leads.split(",") if options.leads else None
    recordings, labels, conditions = _asked(options)
    asked = [*models[PLAIN].default_conditions, *conditions]
    scores = {name: model.score(recordings, asked, leads) for name, model in models.items()}
    figures = []
    for name, found in scores.items():
        off = np.abs(found - scores[PLAIN])
        note = f"{len(recordings)} recordings, {len(asked)} questions"
        figures += [
            Figure("forward", f"{name}, largest difference", off.max(), "probability", note),
            Figure("forward", f"{name}, mean difference", off.mean(), "probability", note),
        ]
        if labels is not None:
            auroc = _macro_auroc(labels, found[:, -len(conditions) :])
            figures.append(Figure("forward", f"{name}, macro AUROC", auroc, "", note))
    return figures


def _asked(
    options: argparse.Namespace,
) -> tuple[list[Recording], np.ndarray | None, tuple[str, ...]]:
    if not options.table:
        return [read(path).crop(0, 10) for path in sample_paths()], None, ()
    table = read_truth(options.table, options.root)
    step = int(options.every)
    recordings = [read(path).crop(0, 10) for path in table.paths()[::step]]
    return recordings, table.labels[::step], table.conditions


def _macro_auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    each = []
    for truth, score in zip(labels.T, scores.T, strict=True):
        known = ~np.isnan(truth)
        if 0 < truth[known].sum() < known.sum():
            each.append(roc_auc_score(truth[known], score[known]))
    return float(np.mean(each))


if __name__ == "__main__":
    main(measure, model="", exported="", threads=2, rounds=9, table="", root="", leads="", every=1)
