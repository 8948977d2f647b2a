import json
import time

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_bert import make_bert

from cardiolex.encoders.text import HuggingFaceText, stated_pooling
from cardiolex.encoders.text_cache import TextEmbeddingCache
from cardiolex.errors import CardiolexError

TEXTS = ["left bundle branch block", "sinus", "atrial fibrillation with sinus", "sinus"]


@pytest.fixture(scope="module")
def encoder(bert_folder):
    return HuggingFaceText(bert_folder)


def test_vectors_are_those_of_the_model_itself(encoder, bert_folder):
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = (kind.from_pretrained(bert_folder) for kind in (AutoModel, AutoTokenizer))
    for text in TEXTS:
        with torch.no_grad():
            hidden = model.eval()(**tokenizer([text], return_tensors="pt")).last_hidden_state[0]
        assert torch.allclose(encoder.encode([text], "cls")[0], hidden[0], atol=1e-5)
        assert torch.allclose(encoder.encode([text], "mean")[0], hidden.mean(dim=0), atol=1e-5)


@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"query_pooling": "max"}'])
def test_a_statement_about_pooling_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "cardiolex.json").write_text(content)
    with pytest.raises(CardiolexError, match=r"cardiolex\.json"):
        stated_pooling(tmp_path)


def test_order_and_company_of_texts_do_not_matter(encoder):
    together = encoder.encode(TEXTS, "mean")
    assert together.shape == (4, encoder.dim) == (4, 32)
    alone = torch.cat([encoder.encode([text], "mean") for text in TEXTS])
    assert torch.allclose(together, alone, atol=1e-5)
    assert encoder.encode([], "cls").shape == (0, 32)


def test_queries_and_reports_are_cut_to_their_lengths(bert_folder):
    encoder = HuggingFaceText(bert_folder, query_tokens=8, report_tokens=16)
    long = " ".join(["sinus"] * 300)
    assert torch.equal(encoder.encode([long], "cls"), encoder.encode(["sinus " * 6], "cls"))
    assert torch.equal(encoder.encode([long], "mean"), encoder.encode(["sinus " * 14], "mean"))
    longest = HuggingFaceText(bert_folder)  # 256 asked, the model takes 96
    assert torch.isfinite(longest.encode([long], "mean")).all()


def test_fingerprint_follows_the_weights_and_survives_use_and_copying(tmp_path, bert_folder):
    first = HuggingFaceText(bert_folder)
    first.encode(TEXTS, "mean")
    first.save(tmp_path / "copy")
    assert stated_pooling(tmp_path / "copy") == ("cls", "mean")
    assert HuggingFaceText(tmp_path / "copy").fingerprint == first.fingerprint
    other = HuggingFaceText(make_bert(tmp_path / "other", seed=1))
    assert other.fingerprint != first.fingerprint
    assert HuggingFaceText(bert_folder, query_tokens=9).fingerprint != first.fingerprint


def test_an_unstored_pooler_is_no_obstacle_and_no_random_part(tmp_path):
    folder = make_bert(tmp_path / "p", pooler=True)
    whole = HuggingFaceText(folder)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("pooler.")}
    assert len(kept) == len(weights) - 2
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    without = [HuggingFaceText(folder) for _ in range(2)]
    assert without[0].fingerprint == without[1].fingerprint != whole.fingerprint
    assert torch.equal(without[0].encode(TEXTS, "cls"), whole.encode(TEXTS, "cls"))
    with pytest.raises(CardiolexError, match="has no pooler weights"):
        without[0].encode(TEXTS, "pooler")
    with pytest.raises(CardiolexError, match="'cls', 'mean', 'pooler'"):
        whole.encode(TEXTS, "max")


def test_the_pooler_is_the_model_s_own_and_survives_saving(tmp_path):
    from transformers import AutoModel, AutoTokenizer

    folder = make_bert(tmp_path / "p", pooler=True)
    encoder = HuggingFaceText(folder)
    model, tokenizer = (kind.from_pretrained(folder) for kind in (AutoModel, AutoTokenizer))
    with torch.no_grad():
        want = model.eval()(**tokenizer([TEXTS[0]], return_tensors="pt")).pooler_output
    assert torch.allclose(encoder.encode(TEXTS, "pooler")[:1], want, atol=1e-5)
    encoder.query_pooling = encoder.report_pooling = "pooler"
    encoder.save(tmp_path / "q")
    again = HuggingFaceText(tmp_path / "q")
    assert again.report_pooling == "pooler"
    assert torch.equal(again.encode(TEXTS, "pooler"), encoder.encode(TEXTS, "pooler"))


def test_only_what_is_asked_for_is_trained_and_the_fingerprint_follows(tmp_path):
    encoder = HuggingFaceText(make_bert(tmp_path / "p", pooler=True))
    encoder.report_pooling = "pooler"
    first, vectors = encoder.fingerprint, encoder.encode(TEXTS, "pooler")
    with pytest.raises(CardiolexError, match="has 2 layers; 3 of them"):
        encoder.train_last_layers(3)
    encoder.train_last_layers(1)
    trained = {n for n, p in encoder.model.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in trained} == {"encoder", "pooler"}
    assert all(name.startswith(("encoder.layer.1.", "pooler.")) for name in trained)
    optimiser = torch.optim.AdamW(
        [p for p in encoder.model.parameters() if p.requires_grad], lr=1e-2, fused=True
    )
    encoder.model.train()
    encoder.encode_with_gradient(TEXTS, "pooler")[:, 0].sum().backward()
    assert all(p.grad is not None for p in encoder.model.parameters() if p.requires_grad)
    optimiser.step()
    changed = encoder.encode(TEXTS, "pooler")
    assert encoder.model.training  # as it was
    assert torch.equal(changed, encoder.encode(TEXTS, "pooler"))  # without dropout
    assert not torch.allclose(changed, vectors, atol=1e-3)
    assert encoder.fingerprint != first
    after = encoder.fingerprint
    encoder.train_last_layers(0)
    assert not any(p.requires_grad for p in encoder.model.parameters())
    assert encoder.fingerprint == after
    encoder.train_last_layers(0, embeddings=True)
    trained = {n for n, p in encoder.model.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in trained} == {"embeddings"}


def test_without_the_hub_a_name_fails_at_once_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(CardiolexError, match=r"hf download nobody/no-such-model"):
        HuggingFaceText("nobody/no-such-model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CardiolexError, match="HF_HUB_OFFLINE is set"):
        HuggingFaceText("nobody/no-such-model")
    assert time.monotonic() - started < 25  # no retries


def test_broken_folders_are_explained(tmp_path, bert_folder):
    with pytest.raises(CardiolexError, match=r"lacks config.json, tokenizer.json, model"):
        HuggingFaceText(tmp_path)
    with pytest.raises(CardiolexError, match="neither a folder nor"):
        HuggingFaceText(tmp_path / "absent")
    for file in bert_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("embeddings.word_embeddings.weight")
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(CardiolexError, match=r"lacks weights: embeddings\.word_embeddings"):
        HuggingFaceText(tmp_path)


class Counting:
    """An encoder that counts what it is asked."""

    name, dim, fingerprint = "counting", 3, "v1"

    def __init__(self):
        self.asked = []

    def encode(self, texts, pooling):
        self.asked += [(text, pooling) for text in texts]
        return torch.tensor([[len(text), ord(text[0]), pooling == "cls"] for text in texts]).float()


def test_the_cache_asks_once_for_each_text_in_this_process_and_the_next(tmp_path):
    encoder = Counting()
    cache = TextEmbeddingCache(encoder, tmp_path, chunk=2)
    first = cache.encode(["b", "aa", "b", "ccc", "dddd"], "mean")
    assert first[:, 0].tolist() == [1, 2, 1, 3, 4]
    assert len(encoder.asked) == 4
    again = TextEmbeddingCache(encoder, tmp_path)
    assert torch.equal(again.encode(["dddd", "b"], "mean"), first[[4, 0]])
    assert len(encoder.asked) == 4
    assert again.encode(["b"], "cls")[0, 2] == 1  # another pooling is another vector
    assert len(encoder.asked) == 5


def test_the_cache_belongs_to_one_encoder(tmp_path):
    encoder, other = Counting(), Counting()
    other.fingerprint = "v2"
    TextEmbeddingCache(encoder, tmp_path).encode(["a"], "mean")
    TextEmbeddingCache(other, tmp_path).encode(["a"], "mean")
    assert other.asked == [("a", "mean")]


def test_a_kill_between_vectors_and_keys_loses_only_that_chunk(tmp_path):
    encoder = Counting()
    TextEmbeddingCache(encoder, tmp_path).encode(["a"], "mean")
    TextEmbeddingCache(encoder, tmp_path).encode(["bb"], "mean")
    keys = sorted((tmp_path / "v1-mean").glob("*.keys.npy"))
    assert len(keys) == 2
    keys[0].unlink()
    vectors = TextEmbeddingCache(encoder, tmp_path).encode(["a", "bb"], "mean")
    assert vectors[:, 0].tolist() == [1, 2]
    assert len(encoder.asked) == 3


def test_a_folder_without_safetensors_or_with_a_plain_vocabulary(tmp_path, bert_folder):
    config = json.loads((bert_folder / "config.json").read_text())
    assert config["hidden_size"] == 32
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / file).write_bytes((bert_folder / file).read_bytes())
    with pytest.raises(CardiolexError, match=r"lacks model.safetensors"):
        HuggingFaceText(tmp_path)


def test_what_a_folder_says_of_its_making_survives_saving(tmp_path, bert_folder):
    HuggingFaceText(bert_folder).save(tmp_path / "made")
    path = tmp_path / "made" / "cardiolex.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "seed": 7, "kind": "other"}))
    HuggingFaceText(tmp_path / "made").save(tmp_path / "again")
    again = json.loads((tmp_path / "again" / "cardiolex.json").read_text())
    assert again == {"query_pooling": "cls", "report_pooling": "mean", "seed": 7}
