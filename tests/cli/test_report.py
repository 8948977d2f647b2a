import csv
import io
import json

import pytest
import torch

from cardiolex import load, read
from cardiolex.checkpoint import Checkpoint, save_checkpoint
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.nn.generation import Decoding
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.samples import FOLDER
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.melp import MELP, Caption

SHORT = ("--max-tokens", 6)


@pytest.fixture(scope="module")
def writer(bert_folder, tmp_path_factory):
    """A checkpoint of a tiny MELP with random weights: it writes, if nonsense."""
    torch.manual_seed(0)
    encoder = ConvTransformer.Config(
        channels=16, width=32, depth=1, heads=2, position_kernel=8, position_groups=4
    )
    caption = Caption(tokens=4, layers=1, heads=2)
    config = MELP.Config(
        encoder=encoder, caption=caption, beats=3, text_dim=32, embedding_dim=16,
        pooling_heads=2, fs=100.0,
    )  # fmt: skip
    text = CausalText(bert_folder)
    checkpoint = Checkpoint(
        name="writer 1.0",
        system_name="melp",
        system=MELP(config, text).eval(),
        preprocess=Preprocess(fs=100.0),
        vocabulary=Vocabulary.load(),
        text=text,
        query_pooling="cls",
    )
    return save_checkpoint(checkpoint, tmp_path_factory.mktemp("writers") / "tiny")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_reports_are_those_of_python(call, writer, ward):
    (ward / "broken.hea").unlink()
    ended = call("report", ward, "--model", writer, "--format", "csv", *SHORT)
    assert (ended.status, ended.err) == (0, "")
    written = {}
    for row in rows(ended.out):
        written.setdefault(row["record"], []).append((float(row["start_s"]), row["report"]))
    assert [start for start, _ in written["holter"]] == [0, 10, 14]  # 24 s: the last at the end
    model = load(writer, device="cpu")
    for name, file in (("A0023", "A0023.hea"), ("holter", "holter.csv")):
        (texts,) = model.write_reports([read(ward / file)], Decoding(max_tokens=6))
        assert [text for _, text in written[name]] == texts


def test_how_words_are_chosen_is_passed_on(call, writer, sample):
    def written(*options):
        ended = call("report", sample, "--model", writer, "--format", "json", *SHORT, *options)
        assert ended.status == 0
        (element,) = json.loads(ended.out)
        return element["reports"][0]["text"]

    drawn = {written("--method", "sample", "--writing-seed", seed) for seed in range(4)}
    assert len(drawn) > 1 and written("--method", "sample") in drawn
    assert written("--method", "sample", "--top-k", 1) == written()


def test_a_table_warns_of_what_it_is(call, writer, sample):
    ended = call("report", sample, "--model", writer, *SHORT)
    assert ended.out.startswith("104  ") and "may be wrong in every word" in ended.err


def test_a_bad_file_is_reported_and_the_rest_written(call, writer, ward, tmp_path):
    target = tmp_path / "reports.csv"
    ended = call("report", ward, "--model", writer, "--format", "csv", "--output", target, *SHORT)
    assert ended.status == 1 and str(ward / "broken.hea") in ended.err and ended.out == ""
    assert {row["record"] for row in rows(target.read_text())} == {"00010_hr", "A0023", "holter"}


def test_a_model_that_cannot_write_is_refused_before_any_file_is_read(call, model_folder):
    ended = call("report", "/no/such/file", "--model", model_folder)
    assert ended.status == 1 and "cannot write reports; take a model of melp" in ended.err
    assert "no/such" not in ended.err


def test_impossible_settings_name_the_option(call, writer, sample):
    ended = call("report", sample, "--model", writer, "--top-p", 3)
    assert ended.status == 2 and "--top-p" in ended.err and "given: 3" in ended.err


# ------------------------------------------------------------ evaluate report-generation
@pytest.fixture
def table(tmp_path):
    lines = ["record,patient,report"]
    told = {
        "ptb-xl/00010_hr.hea": "p1,sinus rhythm. normal ecg.",
        "cpsc2018/A0023.hea": "p2,sinus rhythm. normal ecg.",
        "ludb/104.hea": "p3,Vorhofflimmern",
        "ludb/119.hea": "p3,",
    }
    lines += [f"{record},{rest}" for record, rest in told.items()]
    path = tmp_path / "told.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_written_reports_are_scored_beside_two_baselines(call, writer, table, tmp_path):
    ended = call(
        "evaluate", "report-generation", table, "--root", FOLDER, "--model", writer,
        "--resamples", 20, "--output", tmp_path / "out", *SHORT,
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    content = json.loads((tmp_path / "out" / "told-report-generation.json").read_text())
    names = [one["name"] for one in content["texts"]]
    assert names == ["written by writer 1.0", "nearest report", "most frequent report"]
    assert content["n_records"] == 3 and content["without_report"] == ["ludb/119.hea"]
    frequent = content["texts"][2]["figures"]
    # the other patients' most frequent report: right for two, for the third it is wrong
    assert frequent["ROUGE-L"]["value"] == pytest.approx(2 / 3)
    assert frequent["precision (micro)"]["value"] == pytest.approx(4 / 6)
    assert "Written with method greedy, max_tokens 6." in content["notes"]


def test_texts_from_elsewhere_need_no_model(call, table, tmp_path):
    texts = tmp_path / "mine.csv"
    texts.write_text("id,text\n00010_hr,Sinus rhythm. Normal ECG.\nA0023,\n")
    ended = call("evaluate", "report-generation", table, "--generated", texts, "--resamples", 20)
    assert ended.status == 1  # one record has no text
    assert "ludb/104.hea (no text in mine)" in ended.out
    assert "| empty | 1 | 0 |" in ended.out and "nearest" not in ended.out
    assert "| recall (micro) | 0.500" in ended.out


def test_baselines_from_a_training_set(call, model_folder, table, tmp_path):
    texts, training = tmp_path / "mine.csv", tmp_path / "train.csv"
    texts.write_text("id,text\n00010_hr,x\nA0023,x\n104,x\n")
    training.write_text("record,report\na,Vorhofflimmern\nb,Vorhofflimmern\nc,sinus\n")
    ended = call(
        "evaluate", "report-generation", table, "--generated", texts, "--root", FOLDER,
        "--model", model_folder, "--training", training, "--resamples", 20,
    )  # fmt: skip
    assert ended.status == 0
    assert "the reports of train (training)" in ended.out and "nearest report" in ended.out
    header = next(line for line in ended.out.splitlines() if "texts of mine" in line)
    row = next(line for line in ended.out.splitlines() if line.startswith("| different texts"))
    cells = dict(zip(header.split("|"), row.split("|"), strict=True))
    assert cells[" most frequent report "].strip() == "1"


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ((), 2, "--root is needed to write reports"),
        (("--root", FOLDER), 1, "cannot write reports; take a model of melp"),
    ],
)
def test_what_cannot_be_scored_is_explained(call, table, model_folder, options, status, message):
    ended = call("evaluate", "report-generation", table, "--model", model_folder, *options)
    assert ended.status == status and message in ended.err


def test_texts_of_other_records_are_refused(call, table, tmp_path):
    texts = tmp_path / "mine.csv"
    texts.write_text("id,text\nnobody,x\n")
    ended = call("evaluate", "report-generation", table, "--generated", texts)
    assert ended.status == 1 and "names no record of told" in ended.err
