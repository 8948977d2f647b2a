from dataclasses import replace

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.group_names import age_band, read_groups
from cardiolex.evaluation.metrics import auroc
from cardiolex.evaluation.subgroups import evaluate_subgroups


def with_people(answers):
    recordings = tuple(
        replace(r, sex="male" if n % 2 else "female", age=20.0 + n)
        for n, r in enumerate(answers.recordings)
    )
    return replace(answers, recordings=recordings, patients=answers.records)


def test_a_group_is_measured_as_if_it_were_alone(answers_of):
    answers = with_people(answers_of(noise=1.5, columns=(0,)))
    found = evaluate_subgroups(answers, resamples=50)
    women = next(g for g in found.groups if g.name == "female")
    rows = slice(0, None, 2)
    expected = auroc(answers.labels[rows, 0], answers.probabilities[rows, 0])
    assert women.auroc.value == pytest.approx(expected)
    men = next(g for g in found.groups if g.name == "male")
    assert women.minus_others.value == pytest.approx(women.auroc.value - men.auroc.value)
    assert women.auroc.low <= women.auroc.value <= women.auroc.high


def test_groups_are_compared_on_the_classes_they_share(answers_of):
    answers = with_people(answers_of())
    answers.labels[1::2, 1] = 0  # no man has the second condition
    found = evaluate_subgroups(answers, resamples=20)
    assert found.shared["sex"] == ("rhythm",)
    assert all(set(g.per_class) == {"rhythm"} for g in found.groups if g.attribute == "sex")


def test_small_groups_are_listed_and_left_out(answers_of):
    answers = with_people(answers_of())
    device = {
        r: "CS-12" if n < 30 else "AT-6" if n < 55 else "old" for n, r in enumerate(answers.records)
    }
    found = evaluate_subgroups(answers, {"device": device}, resamples=20)
    devices = {g.name: g for g in found.groups if g.attribute == "device"}
    assert devices["old"].auroc is None and "fewer than 20" in devices["old"].left_out
    assert devices["CS-12"].auroc and "old" in found.to_markdown()
    unknown = evaluate_subgroups(answers_of(), resamples=20)
    assert [(g.attribute, g.name, g.n_records) for g in unknown.groups] == [
        ("sex", "unknown", 60),
        ("age", "unknown", 60),
    ]
    ages = {r: str(30 + n) for n, r in enumerate(answers.records)}
    told = evaluate_subgroups(answers_of(), {"age": ages}, resamples=20)
    bands = {g.name: g.n_records for g in told.groups if g.attribute == "age"}
    assert bands == {"under 40": 10, "40 to 59": 20, "60 to 74": 15, "75 and over": 15}


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (39.9, "under 40"),
        (40, "40 to 59"),
        (60, "60 to 74"),
        (90, "75 and over"),
        (None, ""),
        (np.nan, ""),
    ],
)
def test_age_bands(answers_of, age, band):
    assert age_band(replace(answers_of().recordings[0], age=age)) == band


def test_groups_come_from_a_table(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("record,device\nr0.hea, CS-12 \nr1.hea,\n")
    assert read_groups(path) == {"device": {"r0.hea": "CS-12", "r1.hea": ""}}
    path.write_text("file,device\nr0.hea,x\n")
    with pytest.raises(CardiolexError, match=r"groups.csv: needs a column 'record'.*file, device"):
        read_groups(path)
