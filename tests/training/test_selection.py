import json
import math

import pytest
import torch
from synthetic import Waves, tiny_kmerl, with_reports

from cardiolex.errors import CardiolexError
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes
from cardiolex.training.selection import Selection
from cardiolex.training.trainer import Trainer


class Script:
    """Figures as told, in order of the validations; keeps the weights it saw."""

    def __init__(self, *figures: float, done: int = 0) -> None:
        self.left, self.seen = list(figures[done:]), []

    def __call__(self, system: torch.nn.Module) -> dict[str, float]:
        self.seen.append({name: value.clone() for name, value in system.state_dict().items()})
        return {"auroc": self.left.pop(0), "held_out_loss": 1.0}


def trained(folder, script, **settings):
    config = {"batch_size": 8, "steps": 12, "lr": 3e-3, "log_every": 1, "save_every": 2}
    config |= {"validate_every": 2, "best_of": "auroc", **settings}
    return Trainer(
        tiny_kmerl(),
        Waves(),
        TrainerConfig.model_validate(config),
        folder,
        Processes(0, 1, torch.device("cpu")),
        prepare=with_reports,
        validate=script,
        quiet=True,
    )


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_result_are_the_weights_of_the_best_validation(tmp_path):
    script = Script(0.5, 0.7, 0.6, math.nan, 0.7, 0.1)
    result = trained(tmp_path, script).run()
    assert result.finished and result.step == 4
    assert same(script.seen[1], result.weights)
    assert not same(script.seen[5], result.weights)


def test_patience_ends_the_run_and_its_end_is_kept(tmp_path):
    script = Script(0.5, 0.7, 0.6, 0.7, 0.9, 0.9)
    result = trained(tmp_path, script, patience=2).run()
    assert result.finished and result.step == 4
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert max(steps) == 8  # 0.9 would have come at 10
    again = trained(tmp_path, Script(), patience=2).run()
    assert again.finished and same(again.weights, result.weights)


def test_a_run_killed_between_validations_selects_as_one_that_was_not(tmp_path):
    figures = (0.5, 0.4, 0.3, 0.6, 0.2, 0.1)
    whole = trained(tmp_path / "whole", Script(*figures), patience=2).run()
    part = trained(tmp_path / "part", Script(*figures), patience=2)
    usual = part._one_step

    def killed(batches):
        if part.step == 5:
            raise KeyboardInterrupt
        return usual(batches)

    part._one_step = killed
    with pytest.raises(KeyboardInterrupt):
        part.run()
    rest = trained(tmp_path / "part", Script(*figures, done=2), patience=2)
    assert same(rest.run().weights, whole.weights)
    assert whole.step == 2 and rest.step == 6


def test_until_a_figure_can_be_had_the_latest_weights_are_kept_and_nobody_waits():
    system = torch.nn.Linear(1, 1)
    best = Selection(system, "auroc", patience=1)

    def considered(figure: float, weight: float) -> float:
        system.weight.data.fill_(weight)
        best.consider({"auroc": figure}, system, int(weight))
        assert json.loads(json.dumps(best.facts()))["step"] == best.step
        return float(best.weights["weight"])

    assert [considered(math.nan, 1.0), considered(math.nan, 2.0)] == [1.0, 2.0]
    assert not best.exhausted
    assert considered(0.2, 3.0) == 3.0 and best.step == 3
    assert considered(math.nan, 4.0) == 3.0 and best.exhausted


def test_once_in_an_epoch_without_a_number(tmp_path):
    script = Script(0.1, 0.2, 0.3)
    trained(tmp_path, script, validate_every=None, steps=20).run()  # 64 recordings, 8 a step
    assert len(script.seen) == 3 and script.left == []  # after 8, 16 and 20


def test_what_cannot_be_selected_is_explained(tmp_path):
    with pytest.raises(CardiolexError, match=r"'auroc_x' is not measured; choose one of auroc, "):
        trained(tmp_path, Script(0.1), best_of="auroc_x").run()
    with pytest.raises(CardiolexError, match="needs held-out recordings"):
        trained(tmp_path, None)
    for wrong in ({"average": 0.9}, {"best_of": None, "patience": 3}):
        with pytest.raises(ValueError, match="best_of"):
            TrainerConfig.model_validate({"best_of": "auroc", **wrong})
