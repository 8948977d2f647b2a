import pytest
import torch

from cardiolex.datasets.token_chunks import TokenChunks, split_texts
from cardiolex.encoders.text import HuggingFaceText

TEXTS = ["sinus", "left bundle branch block " * 9, "atrial fibrillation with sinus"]


@pytest.fixture(scope="module")
def tokenizer(bert_folder):
    return HuggingFaceText(bert_folder).tokenizer


def test_long_texts_give_several_chunks_and_nothing_is_lost(tokenizer):
    chunks = TokenChunks(TEXTS, tokenizer, 12, block=2)
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    rows = [chunks[i].tolist() for i in range(len(chunks))]
    assert max(map(len, rows)) <= 12
    assert all(row[0] == cls and row[-1] == sep for row in rows)
    found = [token for row in rows for token in row[1:-1]]
    want = [t for text in TEXTS for t in tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert found == want
    assert chunks.texts == 3
    assert [chunks.head(2)[i].tolist() for i in range(len(chunks.head(2)))] == rows[:2]


def test_a_batch_is_padded_to_its_longest(tokenizer):
    chunks = TokenChunks(TEXTS, tokenizer, 12)
    batch = chunks.collate([chunks[0], chunks[1]])
    assert batch.ids.shape == (2, len(chunks[1])) == batch.mask.shape
    assert batch.mask.sum(dim=1).tolist() == [len(chunks[0]), len(chunks[1])]
    assert (batch.ids[batch.mask == 0] == tokenizer.pad_token_id).all()
    assert torch.equal(batch.to("cpu").ids, batch.ids)


def test_the_split_goes_by_what_a_text_says():
    texts = [f"report number {i}" for i in range(2000)]
    train, held = split_texts(texts, 0.1)
    assert 150 < len(held) < 250
    assert sorted(train + held) == sorted(texts)
    _, held_of_more = split_texts(["something else", *reversed(texts)], 0.1)
    assert set(held) == set(held_of_more) - {"something else"}  # wherever a text stands
    _, held_shouted = split_texts([t.upper().replace(" ", "  ") for t in texts], 0.1)
    assert [t.lower().split() for t in held_shouted] == [t.split() for t in held]
