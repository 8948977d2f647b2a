"""A text encoder of BERT-base's size with random weights, for measuring without a network."""

from pathlib import Path

from cardiolex.encoders.compact_text import train_tokenizer

WORDS = ["sinus rhythm", "left bundle branch block", "possible old infarct", "av block axis"]


def random_bert(folder: Path) -> Path:
    """Write model and tokeniser to `folder`; returns it."""
    from transformers import BertConfig, BertModel

    tokenizer = train_tokenizer(WORDS, 200, 512)
    BertModel(BertConfig(vocab_size=30_522)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
