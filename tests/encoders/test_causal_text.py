import json

import pytest
import torch
from tiny_bert import make_bert

from cardiolex.encoders.causal_text import CausalText, load_text
from cardiolex.encoders.sentence_spans import sentence_spans
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.text_prefix import Prefix
from cardiolex.encoders.wordpieces import join_pieces
from cardiolex.errors import CardiolexError

TEXTS = ["sinus. atrial fibrillation", "", "left bundle branch block.", "sinus"]


@pytest.fixture(scope="module")
def tower(bert_folder):
    return CausalText(bert_folder)


@torch.no_grad()
def test_states_are_those_of_a_causal_bert_with_cls_at_the_last_position(tower, bert_folder):
    """Against transformers' own decoder mode, text by text and without padding."""
    from transformers import AutoModel

    tower.save(bert_folder.parent / "tower")
    model = AutoModel.from_pretrained(bert_folder.parent / "tower", is_decoder=True).eval()
    states = tower.states(TEXTS)
    for row, text in enumerate(TEXTS):
        ids = tower.tokenizer("[BOS]" + text + "[SEP][CLS]", add_special_tokens=False)["input_ids"]
        n = len(ids)
        places = torch.tensor([[*range(n - 1), tower.tokens - 1]])
        want = model(input_ids=torch.tensor([ids]), position_ids=places).last_hidden_state[0]
        assert torch.allclose(states.whole[row], want[-1], atol=1e-5)
        assert torch.allclose(states.tokens[row, : n - 1], want[:-1], atol=1e-5)
        assert states.ids[row, : n - 1].tolist() == ids[:-1]
        assert states.valid[row].sum() == n - 1
    assert torch.allclose(tower.encode(TEXTS, "cls"), states.whole, atol=1e-5)


@torch.no_grad()
def test_the_future_is_not_seen_unless_both_directions_are_asked_for(bert_folder):
    texts = ["sinus atrial", "sinus block"]
    causal, both = (CausalText(bert_folder, attention=a) for a in ("causal", "bidirectional"))
    for tower in (causal, both):  # what the decoder reads never sees what it must say
        a, b = tower.states(texts).tokens
        assert torch.allclose(a[:2], b[:2], atol=1e-6)
    text = "sinus. block"
    one, other = causal.states([text]).sentences[0], both.states([text]).sentences[0]
    changed = "sinus. atrial"
    assert torch.allclose(one[0], causal.states([changed]).sentences[0, 0], atol=1e-6)
    assert not torch.allclose(other[0], both.states([changed]).sentences[0, 0], atol=1e-4)
    after = CausalText(bert_folder, cls_position="after text")
    assert not torch.allclose(causal.encode(texts, "cls"), after.encode(texts, "cls"), atol=1e-4)


@torch.no_grad()
def test_sentences_are_means_over_their_tokens_and_never_shift(tower):
    states = tower.states(TEXTS)
    assert states.sentence_mask.sum(dim=1).tolist() == [2, 0, 1, 1]
    assert states.sentence_mask[:, 0].tolist() == [True, False, True, True]
    first = tower.tokenizer("sinus.", add_special_tokens=False)["input_ids"]
    n = len(first)
    assert torch.allclose(states.sentences[0, 0], states.tokens[0, 1 : n + 1].mean(0), atol=1e-6)
    rest = int(states.valid[0].sum()) - 1  # up to [SEP]
    want = states.tokens[0, n + 1 : rest].mean(0)  # no full stop behind it
    assert torch.allclose(states.sentences[0, 1], want, atol=1e-6)
    assert states.sentences[1].abs().max() == 0
    alone = tower.states(TEXTS[2:3])
    assert torch.allclose(states.sentences[2, 0], alone.sentences[0, 0], atol=1e-5)
    cut = CausalText(tower.name, tokens=6).states(["sinus sinus sinus. block. block."])
    assert cut.ids.shape[1] == 5
    assert cut.sentence_mask.tolist() == [[True]]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("PR 0.22 s. Axis -10", ["PR 0.22 s. ", "Axis -10"]),
        ("Sinus rhythm. Poss. inf. infarct.", ["Sinus rhythm. ", "Poss. inf. infarct."]),
        ("a | b\nc", ["a |", " b\n", "c"]),
        ("... ; .", []),
        ("", []),
    ],
)
def test_sentences_are_found_in_the_text(text, sentences):
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences


@torch.no_grad()
def test_written_token_by_token_or_at_once_the_states_are_the_same(tower):
    states = tower.states(["sinus atrial", "block sinus"])
    assert bool(states.valid[:, :3].all())
    prefix, found = Prefix(), []
    for ids in states.ids.T:
        hidden, prefix = tower.extend(ids, prefix)
        found.append(hidden)
    together = torch.cat(found, dim=1)
    assert torch.allclose(together[states.valid], states.tokens[states.valid], atol=1e-5)
    swapped = prefix.select(torch.tensor([1, 0, 0]))
    token = states.ids[:, 1]
    straight, _ = tower.extend(token[[0, 1]], prefix)
    selected, _ = tower.extend(token[[1, 0, 0]], swapped)
    assert torch.allclose(selected, straight[[1, 0, 0]], atol=1e-5)
    assert swapped.length == prefix.length == states.ids.shape[1]  # the first is as it was


def test_a_saved_tower_is_a_tower_again_with_the_same_vectors(tmp_path, bert_folder):
    tower = CausalText(bert_folder, attention="bidirectional", cls_position="after text", tokens=20)
    tower.freeze_layers()
    with torch.no_grad():
        for weight in tower.model.parameters():
            weight.add_(0.01)
    tower.save(tmp_path / "text")
    again = load_text(tmp_path / "text")
    assert isinstance(again, CausalText)
    assert torch.equal(again.encode(TEXTS, "cls"), tower.encode(TEXTS, "cls"))
    assert again.fingerprint == tower.fingerprint
    assert again.fingerprint != CausalText(tmp_path / "text", attention="causal").fingerprint
    assert again.vocabulary_size == len(again.tokenizer) == tower.vocabulary_size
    assert (again.query_pooling, again.report_pooling) == ("cls", "cls")
    stated = json.loads((tmp_path / "text" / "cardiolex.json").read_text())
    assert stated["kind"] == "causal"
    assert type(load_text(bert_folder)) is HuggingFaceText


def test_layers_are_frozen_as_told_and_the_rest_learns(bert_folder):
    tower = CausalText(bert_folder)
    tower.freeze_layers()  # one of two
    tower.model.train()
    states = tower.states(TEXTS)
    (states.whole.sum() + states.tokens.square().sum() + states.sentences.sum()).backward()
    trained = {n for n, p in tower.model.named_parameters() if p.requires_grad}
    silent = [n for n in trained if not tower.model.get_parameter(n).grad.abs().sum() > 0]
    assert silent == []
    assert {".".join(n.split(".")[:3]) for n in trained if "layer." in n} == {"encoder.layer.1"}
    assert "embeddings.word_embeddings.weight" in trained
    with pytest.raises(CardiolexError, match="has 2 layers"):
        tower.freeze_layers(-1)


def test_an_embedding_with_rows_for_no_word_is_no_trap(tmp_path, bert_folder):
    plain = HuggingFaceText(bert_folder)
    words = len(plain.tokenizer)
    plain.model.resize_token_embeddings(words + 8, mean_resizing=False)
    plain.save(tmp_path / "padded")
    tower = CausalText(tmp_path / "padded")
    assert tower.vocabulary_size == words + 8
    assert tower.ends[0] == words
    rows = tower.embedding
    assert torch.allclose(rows[words], rows[:words].mean(dim=0))
    assert set(range(words + 1, words + 8)) <= set(tower.unwritten)
    assert tower.ends[1] not in tower.unwritten and tower.ends[0] in tower.unwritten


def test_what_cannot_be_a_tower_is_refused(tmp_path, bert_folder):
    with pytest.raises(CardiolexError, match="choose from"):
        CausalText(bert_folder, attention="sideways")
    with pytest.raises(CardiolexError, match="has no pooler"):
        CausalText(make_bert(tmp_path / "p", pooler=True)).encode(TEXTS, "pooler")
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig(vocab_size=150, dim=32, hidden_dim=64, n_heads=2, n_layers=2)
    DistilBertModel(config).save_pretrained(tmp_path / "d")
    HuggingFaceText(bert_folder).tokenizer.save_pretrained(tmp_path / "d")
    with pytest.raises(CardiolexError, match="needs a BERT"):
        CausalText(tmp_path / "d")
    HuggingFaceText(tmp_path / "d").train_last_layers(1)  # which another system may


@pytest.mark.parametrize(
    "text",
    [
        "sinus rhythm. st-t changes (non-specific), pr 0.22 s.",
        "possible 2:1 av block; qrs/t angle > 90.",
        "patient's axis: -10.",
    ],
)
def test_pieces_are_joined_as_reports_are_written(text):
    from tokenizers import pre_tokenizers

    words = [w for w, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text)]
    pieces = [p for w in words for p in ([w[:3], "##" + w[3:]] if len(w) > 3 else [w])]
    expected = text.replace(": -10", ": - 10")  # a sign is not told from a dash
    assert join_pieces(pieces) == expected
