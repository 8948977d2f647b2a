"""Reports to knowledge to weights: real statements, extracted, joined by study, trained on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from cardiolex.cli import main
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recipes.kmerl import KMERLRun, kmerl, run
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports import Vocabulary
from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines
from cardiolex.simulation import Settings
from cardiolex.systems.kmerl import KMERL

SMALL = {
    "encoder": {"segment_samples": 20, "width": 32, "depth": 1, "heads": 2},
    "query_network": {"width": 32, "layers": 1, "heads": 2, "hidden": 64},
}
BRIEF = {"batch_size": 8, "steps": 2, "log_every": 1, "validate_every": 2, "save_every": 2}
COUNT = 24


def call(*tokens: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(token) for token in tokens])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def mimic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings as MIMIC-IV-ECG lies, with real machine statements under their study ids."""
    root = tmp_path_factory.mktemp("mimic")
    hedged = [s for s in lines(MIMIC_STATEMENTS) if s.lower().startswith(("possible", "probable"))]
    plain = [s for s in lines(MIMIC_STATEMENTS) if s not in set(hedged)]
    columns = ["subject_id", "study_id", *(f"report_{n}" for n in range(18))]
    rng = np.random.default_rng(0)
    with (root / "machine_measurements.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        for number in range(COUNT):
            study = str(40_000_000 + number)
            stated = ["Sinus rhythm", plain[31 * number], hedged[7 * number % len(hedged)]]
            writer.writerow([10_000_000 + number // 2, study, *stated, *[""] * 15])
            path = root / "files" / f"s{study}" / f"{study}.npy"
            path.parent.mkdir(parents=True)
            np.save(path, rng.normal(0, 0.3, (12, 1000)).astype(np.float32))
            leads = ["I", "II", "III", "aVR", "aVL", "aVF", *(f"V{n}" for n in range(1, 7))]
            facts = {"fs": 100, "leads": leads, "unit": "mV"}
            path.with_suffix(".json").write_text(json.dumps(facts))
    return root


@pytest.fixture(scope="module")
def made(mimic: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folder of labels and store, by the command line."""
    folder = tmp_path_factory.mktemp("made")
    labels, store = folder / "labels", folder / "store"
    assert call("extract", mimic, labels, "--processes", 1) == 0
    tokens = ("prepare", "folder", mimic, store, "--fs", 100, "--labels", labels)
    # the table of the reports is no recording, and is said to be none
    assert call(*tokens, "--metadata", mimic / "machine_measurements.csv") in (0, 1)
    return labels, store


def configured(store: Path, output: Path, bert_folder: Path, **changes: object) -> KMERLRun:
    settings = {
        "store": store,
        "output": output,
        "text_encoder": str(bert_folder),
        "held_out": 0.2,
        "device": "cpu",
        "system": SMALL,
        "trainer": BRIEF,
    }
    return KMERLRun.model_validate({**settings, **changes})


def watch(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The labels of every batch that the system's losses see."""
    seen: list[Tensor] = []
    usual = KMERL.losses

    def losses(self: KMERL, batch: object) -> dict[str, Tensor]:
        seen.append(batch.labels.clone())  # type: ignore[attr-defined]
        return usual(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(KMERL, "losses", losses)
    return seen


def test_uncertain_statements_reach_the_loss_as_unknown(
    made: tuple[Path, Path], tmp_path: Path, bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store = made
    opened = Store(store)
    assert len(opened) == COUNT
    seen = watch(monkeypatch)
    assert kmerl(configured(store, tmp_path, bert_folder)) == 0
    batch = seen[0]
    assert batch.shape == (8, len(Vocabulary.load()))
    sinus = Vocabulary.load().index["sinus rhythm"]
    assert (batch[:, sinus] == 1).sum() >= 6
    unknown = torch.isnan(batch)
    assert unknown.any(dim=1).sum() >= 6 and unknown.float().mean() < 0.2
    assert (batch == 0).float().mean() > 0.7
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert all(np.isfinite(row["loss"]) for row in logged if "loss" in row)


def test_labels_take_the_place_of_those_in_a_store(
    made: tuple[Path, Path], tmp_path: Path, bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store = made
    other = tmp_path / "other.csv"
    rows = [f"{40_000_000 + n},Atrial fibrillation. Possible LVH" for n in range(COUNT - 4)]
    other.write_text("study_id,report\n" + "\n".join(rows) + "\n")
    assert call("extract", other, tmp_path / "labels") == 0
    seen = watch(monkeypatch)
    config = configured(store, tmp_path / "run", bert_folder, labels=tmp_path / "labels")
    resolved = run(config)
    assert "atrial fibrillation" in resolved.seen and "sinus rhythm" not in resolved.seen
    assert any("4 of 24 windows have no labels" in note for note in resolved.notes)
    assert resolved.identity() != run(configured(store, tmp_path, bert_folder)).identity()
    assert kmerl(config) == 0
    index = Vocabulary.load().index
    batch = torch.cat(seen)
    known = ~torch.isnan(batch).all(dim=1)
    assert (batch[known][:, index["atrial fibrillation"]] == 1).all()
    assert torch.isnan(batch[known][:, index["left ventricular hypertrophy"]]).all()
    assert (batch[known][:, index["sinus bradycardia"]] == 0).all()


def test_labels_with_another_vocabulary_are_refused(
    made: tuple[Path, Path], tmp_path: Path, bert_folder: Path
) -> None:
    labels, store = made
    grown = Vocabulary.load().to_dict()
    grown = {**grown, "entity": [*grown["entity"], {"name": "brand new finding"}]}
    Vocabulary.from_dict(grown).save(tmp_path / "grown.toml")
    changes = {"labels": labels, "vocabulary": tmp_path / "grown.toml"}
    with pytest.raises(CardiolexError, match="was extracted with vocabulary"):
        run(configured(store, tmp_path / "run", bert_folder, **changes))
    changes["vocabulary"] = labels / "vocabulary.json"
    assert run(configured(store, tmp_path / "run", bert_folder, **changes)).seen


def test_the_simulator_s_reports_pass_through(tmp_path: Path, bert_folder: Path) -> None:
    """Labels read from simulated reports replace the truth of a simulated store, and agree."""
    store = tmp_path / "store"
    settings = Settings(fs=100.0)
    simulate_to_store(store, 32, preprocess=Preprocess(fs=100.0), settings=settings)
    table = Store(store).table
    with (tmp_path / "reports.jsonl").open("w") as handle:
        for name, report in zip(*(table[c].to_pylist() for c in ("id", "report")), strict=True):
            handle.write(json.dumps({"id": name, "report": report}) + "\n")
    assert call("extract", tmp_path / "reports.jsonl", tmp_path / "labels") == 0
    truth, read = Store(store), Store(store, labels=tmp_path / "labels")
    wanted = np.stack([truth[n].labels for n in range(32)])
    found = np.stack([read[n].labels for n in range(32)])
    stated = (found == 1) & ~np.isnan(wanted)
    assert stated.sum() > 60
    assert (wanted[stated] == 1).mean() > 0.98
    config = configured(store, tmp_path / "run", bert_folder, labels=tmp_path / "labels")
    assert kmerl(config) == 0
