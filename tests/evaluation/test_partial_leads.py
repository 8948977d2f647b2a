import itertools
import json

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.partial_leads import (
    CLINICAL,
    NESTED,
    SINGLE,
    SUBSETS,
    evaluate_partial_leads,
)
from cardiolex.recordings.leads import LEADS


def test_nested_subsets_grow_by_name_in_the_published_order():
    added = [leads[-1] for leads in NESTED.values()]
    expected = ["I", "II", "III", "aVF", "aVR", "aVL", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert added == expected
    sizes = list(NESTED.values())
    assert all(small == large[:-1] for small, large in itertools.pairwise(sizes))
    assert set(sizes[-1]) == set(LEADS)


def test_clinical_subsets_are_the_electrodes_they_name():
    assert CLINICAL["limb leads"] == ("I", "II", "III", "aVR", "aVL", "aVF")
    assert CLINICAL["precordial leads"] == ("V1", "V2", "V3", "V4", "V5", "V6")
    assert list(SINGLE) == list(LEADS)
    assert all(set(leads) <= set(LEADS) for group in SUBSETS.values() for leads in group.values())


def test_every_subset_is_scored_once_with_its_leads(loaded, oracle):
    found = evaluate_partial_leads(oracle, loaded, model="m", resamples=10)
    asked = [frozenset(leads) for _, _, leads in oracle.calls]
    distinct = {frozenset(leads) for group in SUBSETS.values() for leads in group.values()}
    assert len(asked) == len(distinct) == len(set(asked))
    assert len(found.subsets) == sum(len(group) for group in SUBSETS.values())
    assert found.of(["V1", "II"]).leads == ("II", "V1")
    with pytest.raises(CardiolexError, match="no result for the leads aVR, V6"):
        found.of(["aVR", "V6"])


def test_results_follow_the_leads_and_list_who_lacks_them(loaded, oracle):
    found = evaluate_partial_leads(oracle, loaded, resamples=10)
    limb, chest = found.of(LEADS[:6]), found.of(LEADS[6:])
    assert (limb.n_records, limb.lacking_leads) == (59, ())
    assert (chest.n_records, chest.lacking_leads) == (57, ("r8.hea", "r9.hea"))
    assert found.of(LEADS).macro_auroc.value > found.of(["I"]).macro_auroc.value


def test_table_json_and_curve_are_written(loaded, oracle, tmp_path):
    found = evaluate_partial_leads(oracle, loaded, model="m", resamples=10)
    paths = found.write(tmp_path)
    assert [p.suffix for p in paths] == [".json", ".md", ".csv", ".png"]
    plain = json.loads(paths[0].read_text(), parse_constant=pytest.fail)
    nested = [s for s in plain["subsets"] if s["group"] == "nested"]
    line = found.curve().axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 13))
    expected = [s["result"]["macro_auroc"]["value"] for s in nested]
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert len(paths[2].read_text().splitlines()) == 1 + len(found.subsets)


def test_a_subset_nobody_has_is_kept_with_the_reason(loaded, oracle):
    limb_only = type(loaded)(
        loaded.table,
        tuple(r.select(LEADS[:6]) for r in loaded.recordings),
        loaded.rows,
        loaded.unreadable,
    )
    found = evaluate_partial_leads(
        oracle, limb_only, subsets={"single": {"I": ("I",), "V1": ("V1",)}}, resamples=10
    )
    assert [one.result is None for one in found.subsets] == [False, True]
    assert "no recording has the leads" in found.subsets[1].failed
    assert "no recording has the leads" in found.to_markdown()
    assert len(found.write(loaded.table.root)) == 3
