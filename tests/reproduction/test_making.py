"""From nothing to a table: trained, measured, kept; a second call does neither."""

import json

import numpy as np
import pytest
import wfdb

from cardiolex.cli.measuring import read_answerable
from cardiolex.cli.progress import progress_bar
from cardiolex.datasets.splits import load_split
from cardiolex.errors import CardiolexError
from cardiolex.reproduction import training as training_module
from cardiolex.reproduction.definition import Column, Row, TableDefinition, Training
from cardiolex.reproduction.evaluation_sets import EvaluationSets
from cardiolex.reproduction.making import make
from cardiolex.reproduction.records import records_under
from cardiolex.reproduction.settings import Settings
from cardiolex.reproduction.training import Stopped
from cardiolex.simulation import Settings as Simulated
from cardiolex.simulation import simulate

TABLE = TableDefinition(
    "tiny",
    "kmerl",
    "Tab. 0",
    "Tiny",
    (Row("K-MERL", Training("kmerl")), Row("unmerged", Training("kmerl", labels="unmerged"))),
    (
        Column("ptbxl_super", "zero-shot", leads=12),
        Column("ptbxl_super", "zero-shot", leads=1),
        Column("mean", "zero-shot", leads=12),
        Column("ptbxl_super", "linear-probe", share=100),
        Column("csn", "zero-shot", leads=12),
    ),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Simulated signals under the names of 36 records of PTB-XL; one file is broken."""
    folder = tmp_path_factory.mktemp("records")
    records = load_split("ptbxl_super").part("train").records[:36]
    for n, record in enumerate(records):
        place = folder / record
        place.parent.mkdir(parents=True, exist_ok=True)
        made = simulate(n, settings=Simulated(fs=100.0)).recording
        wfdb.wrsamp(
            place.name,
            fs=100,
            units=["mV"] * len(made.leads),
            sig_name=list(made.leads),
            p_signal=made.mv.T.astype(float),
            fmt=["16"] * len(made.leads),
            write_dir=str(place.parent),
        )
    (folder / f"{records[0]}.dat").unlink()
    return folder


def test_records_are_found_and_what_is_missing_is_said(root, tmp_path):
    found = records_under(root)["ptbxl_super"]
    part = load_split("ptbxl_super").part("train")
    assert [found.count(name) for name in ("train", "val", "test", "")] == [36, 0, 0, 36]
    assert np.array_equal(found.parts["train"].labels, part.labels[:36])
    assert found.parts["train"].patients == part.patients[:36]
    assert "36 of 21388" in found.missing
    assert "download ptb-xl" in found.missing
    assert records_under(tmp_path)["csn"].count("") == 0
    with pytest.raises(CardiolexError, match="no such folder"):
        records_under(tmp_path / "nowhere")


@pytest.mark.parametrize("given", ["nothing", "no records"])
def test_nothing_is_trained_that_could_not_be_measured(tmp_path, given):
    (tmp_path / "empty").mkdir()
    where = tmp_path / "empty" if given == "no records" else None
    settings = Settings(output=tmp_path / "out", root=where, scale="small", steps=2)
    outcome = make(TABLE, settings, EvaluationSets(settings, read_answerable), progress_bar)
    assert ("record" in outcome.not_run["K-MERL"]) and not outcome.complete
    assert not (tmp_path / "out" / "runs").exists()


def test_a_table_is_made_once(root, tmp_path, monkeypatch):
    settings = Settings(
        output=tmp_path, root=root, scale="small", steps=2, recordings=24, resamples=20
    )

    def made():
        sets = EvaluationSets(settings, read_answerable)
        return make(TABLE, settings, sets, progress_bar)

    first = made()
    figures = first.figures["K-MERL"]
    zero_shot, one_lead, mean, probe, csn = (figures[column] for column in TABLE.columns)
    assert zero_shot.records == one_lead.records == 35  # one cannot be read
    for one in (zero_shot, one_lead, probe):
        assert 0 <= one.low <= one.value <= one.high <= 100
        assert one.classes == len(one.per_class)
    assert zero_shot.value != one_lead.value
    assert mean.value > 0
    assert "sets" in mean.why
    assert csn.value is None
    assert "download csn" in csn.why
    assert "--labels unmerged=FOLDER" in first.not_run["unmerged"]
    assert not first.complete

    def never(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(training_module, "pretrain", never)
    again = made()
    assert again.to_dict()["cells"] == first.to_dict()["cells"]
    model = tmp_path / "runs" / "kmerl" / "model"

    model.rename(tmp_path / "kept")
    monkeypatch.setattr(training_module, "pretrain", lambda *_: None)  # as after SIGTERM
    with pytest.raises(Stopped, match="goes on"):
        made()
    (tmp_path / "kept").rename(model)

    record = tmp_path / "runs" / "kmerl" / "run.json"
    other = {**json.loads(record.read_text()), "identity": "x"}
    record.write_text(json.dumps(other))
    assert "other settings" in made().not_run["K-MERL"]
