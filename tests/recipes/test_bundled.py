import numpy as np
import pytest

from cardiolex import load
from cardiolex.errors import CardiolexError
from cardiolex.recipes.bundled import FS, BundledRun, EveryCondition, run
from cardiolex.recipes.pretrain import assembled, pretrain
from cardiolex.simulation import CONDITIONS
from cardiolex.simulation.statements import STATEMENTS

SMALL = {
    "system": {
        "encoder": {"width": 32, "depth": 1, "heads": 1},
        "query_network": {"width": 32, "layers": 1, "heads": 1, "hidden": 32},
        "embedding_dim": 16,
    },
    "trainer": {"steps": 2, "batch_size": 4, "workers": 0, "log_every": 1, "validate_every": 2},
    "held_out": 4,
}


@pytest.fixture(scope="module")
def config(bert_folder, tmp_path_factory):
    where = {"output": tmp_path_factory.mktemp("bundled"), "text_encoder": bert_folder}
    return BundledRun.model_validate({**where, **SMALL})


def test_from_simulation_to_a_model_that_keeps_no_statement(config):
    folder = pretrain(run(config), config.output, "cpu")
    model = load(folder)
    checkpoint = model.checkpoint
    assert len(checkpoint.system.entity_vectors) == len(checkpoint.vocabulary)
    assert checkpoint.preprocess.fs == FS and checkpoint.seen >= set(CONDITIONS)
    assert "8 ECGs" in checkpoint.card and "Not a medical device" in checkpoint.card


def test_every_second_recording_has_the_condition_whose_turn_it_is(config):
    examples = run(config).examples
    assert isinstance(examples, EveryCondition)
    vocabulary = examples.plain.vocabulary
    for turn in (0, 1, 2, 3):
        example = examples[2 * turn]
        column = vocabulary.names.index(CONDITIONS[turn % len(CONDITIONS)])
        assert example.labels[column] == 1


def test_labels_are_the_vocabularys_and_then_the_statements(config):
    run_ = run(config)
    labels = run_.examples[1].labels
    assert len(labels) == len(run_.vocabulary) + len(STATEMENTS)
    assert np.isin(labels[~np.isnan(labels)], (0, 1)).all()


def test_a_run_goes_on_from_the_weights_of_another(config, bert_folder, tmp_path):
    first = pretrain(run(config), config.output, "cpu")
    settings = {"output": tmp_path, "text_encoder": bert_folder, "start_from": first, **SMALL}
    further = run(BundledRun.model_validate(settings))
    before, taken = load(first).checkpoint.system.state_dict(), assembled(further).state_dict()
    heads = {name for name in taken if name.startswith("beat_head.")}
    assert heads and before.keys() == taken.keys() - heads
    for name in before.keys() - {"entity_vectors"}:
        assert (before[name] == taken[name]).all(), name
    assert further.identity() != run(config).identity()
    larger = {**settings, "system": {**SMALL["system"], "embedding_dim": 8}}
    with pytest.raises(CardiolexError, match="do not fit this run"):
        assembled(run(BundledRun.model_validate(larger)))
    with pytest.raises(CardiolexError, match=r"no model\.safetensors to start from"):
        run(BundledRun.model_validate({**settings, "start_from": tmp_path})).identity()
