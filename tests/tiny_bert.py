"""A tiny BERT with random weights, kept as any Hugging Face encoder is."""

from pathlib import Path

WORDS = ["left bundle branch block", "right bundle branch block", "atrial fibrillation", "sinus"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def vocabulary() -> dict[str, int]:
    """Word pieces, always the same (training them breaks ties at random): beginnings and ends."""
    words = sorted(set(" ".join(WORDS).split()))
    letters = sorted(set("".join(words)))
    starts = {word[:end] for word in words for end in range(2, len(word) + 1)}
    ends = {f"##{word[start:]}" for word in words for start in range(1, len(word) - 1)}
    inner = {f"##{letter}" for letter in letters}
    pieces = [*SPECIAL, *letters, *sorted(inner), *sorted(starts), *sorted(ends - inner)]
    return {piece: number for number, piece in enumerate(pieces)}


def make_bert(folder: Path, seed: int = 0, pooler: bool = False, width: int = 32) -> Path:
    """Write a model of two layers and its tokeniser."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(vocabulary(), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{k}_token": v for k, v in names.items()}
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=96,
    )
    BertModel(config, add_pooling_layer=pooler).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
