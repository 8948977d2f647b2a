import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from cardiolex.objectives.meaning import name_cross_entropy, spread
from cardiolex.recipes.text_encoder import Settings, mask_tokens, run, soft_targets
from cardiolex.reports.compose import Statement
from cardiolex.reports.vocabulary import Vocabulary

TINY = Settings(pieces=300, width=48, layers=2, heads=4, max_tokens=32, language_steps=20,
                language_batch=32, meaning_steps=120, meaning_batch=32, composed=100,
                learning_rate=4e-3)  # fmt: skip


def toy() -> Vocabulary:
    rows = [
        {"name": "bundle branch block"},
        {
            "name": "left bundle branch block",
            "is_a": ["bundle branch block"],
            "synonyms": ["left bundle blockade", "block of the left bundle"],
            "abbreviations": ["LBBB"],
            "never_merge": ["right bundle branch block"],
        },
        {
            "name": "right bundle branch block",
            "is_a": ["bundle branch block"],
            "synonyms": ["right bundle blockade", "block of the right bundle"],
            "abbreviations": ["RBBB"],
        },
        {"name": "atrial fibrillation", "synonyms": ["auricular fibrillation"]},
        {"name": "st elevation", "synonyms": ["raised st"], "never_merge": ["st depression"]},
        {"name": "st depression", "synonyms": ["lowered st"]},
    ]
    return Vocabulary.from_dict({"version": "1", "entity": rows})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text") / "encoder"
    run(folder, seed=1, settings=TINY, vocabulary=toy(), log=lambda _: None)
    return folder


def vectors(folder: Path, texts: list[str]) -> torch.Tensor:
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    tokens.pop("token_type_ids", None)
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state
    weight = tokens["attention_mask"].unsqueeze(-1)
    return F.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)


def test_losses_fall(trained: Path) -> None:
    record = json.loads((trained / "cardiolex.json").read_text())
    assert record["language_loss"][1] < record["language_loss"][0]
    assert record["meaning_loss"][1] < 0.6 * record["meaning_loss"][0]
    assert record["query_pooling"] == "mean"
    assert record["vocabulary"]["fingerprint"] == toy().fingerprint


def test_synonyms_lie_nearer_than_opposites_and_denials(trained: Path) -> None:
    left, lbbb, right, denied, kin, stranger = vectors(
        trained,
        ["left bundle branch block", "LBBB", "right bundle branch block",
         "no left bundle branch block", "bundle branch block", "st elevation"],
    )  # fmt: skip
    assert left @ lbbb > left @ right + 0.1
    assert left @ lbbb > left @ denied + 0.1
    assert left @ kin > left @ stranger


def test_folder_is_an_ordinary_encoder_with_half_precision_weights(trained: Path) -> None:
    from safetensors.torch import load_file

    weights = load_file(trained / "model.safetensors")
    assert {w.dtype for w in weights.values()} == {torch.float16}
    assert (trained / "tokenizer.json").is_file()
    padded = vectors(trained, ["LBBB", "left bundle blockade with raised st"])
    torch.testing.assert_close(vectors(trained, ["LBBB"])[0], padded[0], atol=1e-5, rtol=0)


def test_same_seed_same_weights(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    short = Settings(pieces=100, width=16, layers=1, heads=2, max_tokens=16, language_steps=2,
                     language_batch=4, meaning_steps=2, meaning_batch=8, composed=10)  # fmt: skip
    for name in ("a", "b"):
        run(tmp_path / name, seed=7, settings=short, vocabulary=toy(), log=lambda _: None)
    a, b = (load_file(tmp_path / name / "model.safetensors") for name in ("a", "b"))
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_name_cross_entropy_is_infonce_on_hard_targets() -> None:
    torch.manual_seed(0)
    texts, names = torch.randn(4, 8), torch.randn(6, 8)
    place = torch.tensor([2, 0, 5, 2])
    logits = F.cosine_similarity(texts[:, None], names[None], dim=2) / 0.2
    expected = F.cross_entropy(logits, place)
    got = name_cross_entropy(texts, names, F.one_hot(place, 6).float(), 0.2)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(
        name_cross_entropy(3 * texts, names, F.one_hot(place, 6).float(), 0.2), expected
    )


def test_spread_counts_only_what_exceeds_the_margin() -> None:
    names = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert spread(names, torch.tensor([[0, 1]]), 0.5) == 0
    assert spread(names, torch.zeros(0, 2, dtype=torch.long)) == 0
    over = math.sqrt(0.5) - 0.5
    torch.testing.assert_close(
        spread(names, torch.tensor([[0, 1], [0, 2]]), 0.5), torch.tensor(over**2 / 2)
    )


def test_soft_targets_add_up_and_give_kin_their_share() -> None:
    v = toy()
    names = [*v.names, "no st elevation"]
    statements = [
        Statement("LBBB", ("left bundle branch block",)),
        Statement("no st elevation", (), ("st elevation",)),
        Statement("both", ("atrial fibrillation", "st elevation"), ("st depression",)),
    ]
    targets = soft_targets(statements, names, v, kin=0.1)
    torch.testing.assert_close(targets.sum(1), torch.ones(3))
    torch.testing.assert_close(targets[0, v.index["bundle branch block"]], torch.tensor(0.1))
    assert targets[1, -1] == 1
    assert targets[2, v.index["st depression"]] == 0


def test_masking_asks_about_fifteen_percent_and_never_about_special_pieces() -> None:
    from cardiolex.encoders.compact_text import train_tokenizer

    tokenizer = train_tokenizer(["atrial flutter with block"] * 5, 60, 16)
    ids = tokenizer(["atrial flutter with block"] * 400, return_tensors="pt")["input_ids"]
    torch.manual_seed(0)
    masked, labels = mask_tokens(ids, tokenizer)
    asked = labels != -100
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    assert not (asked & special).any()
    assert torch.equal(ids[asked], labels[asked])
    assert torch.equal(masked[~asked], ids[~asked])
    assert asked.any(dim=1).all()
    assert 0.10 < asked.float().mean() < 0.40
