import json

import pytest

from cardiolex.errors import CardiolexError
from cardiolex.recipes.run_record import differences, refuse_another

BEFORE = {"identity": "a", "trainer": {"lr": 0.1, "workers": 2}, "data": {"store": {"rows": 3}}}


def test_differences_are_named_with_both_values_and_nothing_else():
    now = {"trainer": {"lr": 0.2}, "data": {"simulated": {"seed": 1}}, "vocabulary": "new"}
    assert differences(BEFORE, now) == [
        "trainer.lr was 0.1, is 0.2",
        'data.simulated was null, is {"seed": 1}',
    ]
    assert differences(BEFORE, {"trainer": {"lr": 0.1}, "data": {"store": {"rows": 3}}}) == []


def test_only_a_folder_with_a_state_is_held_to_its_record(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(BEFORE))
    other = {"trainer": {"lr": 0.2}}
    refuse_another(tmp_path, "b", other)
    state = tmp_path / "training" / "step-00000001"
    state.mkdir(parents=True)
    (state / "state.json").write_text("{}")
    refuse_another(tmp_path, "a", other)
    with pytest.raises(CardiolexError, match=r"trainer\.lr was 0\.1, is 0\.2"):
        refuse_another(tmp_path, "b", other)
    with pytest.raises(CardiolexError, match=r"run\.json does not hold"):
        refuse_another(tmp_path, "b", {})
