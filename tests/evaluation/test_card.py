from itertools import pairwise

import pytest

from cardiolex.evaluation.card import (
    FEWER,
    SINGLE,
    SUBSETS,
    measured,
    with_section,
    without_section,
)
from cardiolex.evaluation.zero_shot import evaluate_zero_shot
from cardiolex.recordings.leads import LEADS


@pytest.fixture
def result(loaded, oracle):
    return evaluate_zero_shot(oracle, loaded, resamples=20)


def test_the_section_tells_subsets_with_intervals_and_single_leads_as_means(result):
    subsets = ("all leads", "lead I", "lead V6", "4 leads")
    text = measured({name: [result, result] for name in subsets})
    mean = f"{result.macro_auroc.value:.3f}"
    assert "| table | records | all leads | lead I |" in text
    assert f"| **mean** |  | **{mean}** | **{mean}** |" in text
    assert f"Each of the other leads alone (mean over the tables): V6 {mean}." in text
    assert f"Several leads (mean over the tables): 4 leads {mean}." in text
    one = result.classes[0]
    interval = f"[{one.auroc.low:.2f}, {one.auroc.high:.2f}]"
    assert f"{one.condition} ({one.n_pos}) {one.auroc.value:.2f} {interval}" in text


def test_without_further_subsets_nothing_is_said_of_them(result):
    text = measured({"all leads": [result]})
    assert "alone" not in text and "Several leads" not in text


def test_each_lead_is_asked_alone_once_and_fewer_leads_are_nested():
    alone = [
        leads[0] for leads in (*SUBSETS.values(), *SINGLE.values()) if leads and len(leads) == 1
    ]
    assert sorted(alone) == sorted(LEADS)
    sets = [set(leads) for leads in FEWER.values()]
    assert all(small < large for small, large in pairwise(sets))


def test_a_section_is_replaced_and_taken_out_whole():
    card = with_section("# model\n\n## Limits\n\nmany\n", "## Measured\n\nold\n")
    card = with_section(card, "## Other\n\nstays\n")
    card = with_section(card, "## Measured\n\nnew\n")
    assert "old" not in card and card.count("## Measured") == 1
    assert (
        without_section(card, "## Measured")
        == "# model\n\n## Limits\n\nmany\n\n## Other\n\nstays\n"
    )
    assert without_section(card, "## Nothing") == card
