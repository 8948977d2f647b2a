import pytest
import torch
import torch.nn.functional as F

from cardiolex.errors import CardiolexError
from cardiolex.nn.text_decoder import DecoderState, TextDecoder


def decoder(**changes) -> TextDecoder:
    torch.manual_seed(0)
    config = TextDecoder.Config(**{"width": 16, "layers": 2, "heads": 4, **changes})
    module = TextDecoder(config, vocabulary=11, image_dim=24).eval()
    for parameter in module.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter)
    return module


def inputs(b: int = 3, s: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(b, 7, 24), torch.randn(b, s, 16)


def attention(block, query, memory, mask):
    """torch's own multi-head attention with the weights of `block`."""
    weights = torch.nn.MultiheadAttention(16, 4, kdim=memory.shape[2], vdim=memory.shape[2],
                                          batch_first=True)  # fmt: skip
    k, v = block.kv.weight.chunk(2)
    state = {"in_proj_bias": torch.cat([block.q.bias, block.kv.bias]),
             "out_proj.weight": block.out.weight, "out_proj.bias": block.out.bias}  # fmt: skip
    if memory.shape[2] == 16:
        state["in_proj_weight"] = torch.cat([block.q.weight, k, v])
    else:
        state |= {"q_proj_weight": block.q.weight, "k_proj_weight": k, "v_proj_weight": v}
    weights.load_state_dict(state)
    return weights(query, memory, memory, attn_mask=mask, need_weights=False)[0]


def feed_forward(block, x):
    return x + block.contract(F.gelu(block.expand(block.norm2(x))))


def test_it_is_cocas_decoder_written_with_torchs_attention():
    module, (image, x) = decoder(), inputs()
    text, hidden = x, torch.ones(6, 6).triu(1).bool()  # True = not seen
    for layer in module.layers:
        y = layer.text_block.norm1(x)
        x = feed_forward(layer.text_block, x + attention(layer.text_block, y, y, hidden))
        y, memory = layer.image_block.norm1(x), layer.norm_image(image)
        x = feed_forward(layer.image_block, x + attention(layer.image_block, y, memory, None))
    expected = module.norm(x) @ module.output.weight.T
    assert torch.allclose(module(image, text), expected, atol=1e-5)


def test_published_size():
    with torch.device("meta"):
        module = TextDecoder(TextDecoder.Config(), vocabulary=30_523)
    assert sum(p.numel() for p in module.parameters()) == 108_506_880


def test_a_position_sees_the_text_up_to_itself():
    module, (image, text) = decoder(), inputs()
    before = module(image, text)
    text[:, 4] += torch.randn(16)
    changed = (module(image, text) - before).abs().amax(dim=(0, 2)) > 1e-6
    assert changed.tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1, 1), (4, 1, 1), (2, 3, 1), (6,)])
def test_piece_by_piece_is_the_whole(pieces):
    module, (image, text) = decoder(), inputs()
    state, logits = module.start(image), []
    for piece in text.split(pieces, dim=1):
        hidden, state = module.step(state, piece)
        logits.append(module.logits(hidden))
    assert state.length == 6
    assert torch.allclose(torch.cat(logits, dim=1), module(image, text), atol=1e-5)


def continue_from(module: TextDecoder, state: DecoderState, text: torch.Tensor) -> torch.Tensor:
    return module.logits(module.step(state, text)[0])


def test_beams_take_their_past_along():
    module, (image, text) = decoder(), inputs()
    _, state = module.step(module.start(image), text[:, :4])
    rows = torch.tensor([2, 0, 0, 1, 2])
    beams = continue_from(module, state.select(rows), text[rows, 4:])
    assert torch.allclose(beams, module(image, text)[rows, 4:], atol=1e-5)


def test_beams_of_one_recording_change_places_without_its_image():
    module, (image, text) = decoder(), inputs()
    image = image[:1].expand(3, -1, -1)
    _, state = module.step(module.start(image), text[:, :4])
    rows = torch.tensor([1, 1, 2])
    moved = state.reorder(rows)
    assert moved.layers[0].image[0] is state.layers[0].image[0]
    beams = continue_from(module, moved, text[rows, 4:])
    assert torch.allclose(beams, module(image, text)[rows, 4:], atol=1e-5)


def test_missing_image_tokens_cannot_matter():
    module, (image, text) = decoder(), inputs()
    valid = torch.arange(7) < torch.tensor([[7], [3], [1]])
    logits = module(image, text, valid)
    assert torch.allclose(logits[1:2], module(image[1:2, :3], text[1:2]), atol=1e-5)
    image[~valid] = 99
    assert torch.equal(module(image, text, valid), logits)
    _, state = module.step(
        module.start(image, valid).select(torch.tensor([2, 1])), text[[2, 1], :5]
    )
    assert torch.allclose(
        continue_from(module, state, text[[2, 1], 5:]), logits[[2, 1], 5:], atol=1e-5
    )


def test_tied_output_is_the_word_embedding():
    module, (image, text) = decoder(tied=True), inputs()
    words = torch.randn(11, 16)
    assert not any("output" in name for name in module.state_dict())
    logits = module(image, text, embedding=words)
    assert torch.allclose(logits, module.hidden(image, text) @ words.T, atol=1e-5)
    with pytest.raises(CardiolexError, match="tied: give the word embedding"):
        module(image, text)


def test_output_matrix_starts_as_the_sheet_of_its_width():
    weight = TextDecoder(TextDecoder.Config(width=64, layers=1, heads=4), 4000).output.weight
    assert weight.std().item() == pytest.approx(1 / 8, rel=0.02)
