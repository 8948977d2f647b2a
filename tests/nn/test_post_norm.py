import torch
import torch.nn.functional as F

from cardiolex.nn.post_norm import PositionalConv, PostNormBlock


def test_block_is_torchs_own_post_norm_layer():
    torch.manual_seed(0)
    block = PostNormBlock(16, 4, 32).eval()
    theirs = torch.nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True)
    theirs.load_state_dict({
        "self_attn.in_proj_weight": block.qkv.weight, "self_attn.in_proj_bias": block.qkv.bias,
        "self_attn.out_proj.weight": block.out.weight, "self_attn.out_proj.bias": block.out.bias,
        "linear1.weight": block.expand.weight, "linear1.bias": block.expand.bias,
        "linear2.weight": block.contract.weight, "linear2.bias": block.contract.bias,
        "norm1.weight": block.norm1.weight, "norm1.bias": block.norm1.bias,
        "norm2.weight": block.norm2.weight, "norm2.bias": block.norm2.bias,
    })  # fmt: skip
    x, valid = torch.randn(2, 7, 16), torch.ones(2, 7, dtype=torch.bool)
    valid[0, 4:] = False
    expected = theirs.eval()(x, src_key_padding_mask=~valid)
    assert torch.allclose(block(x, valid)[valid], expected[valid], atol=1e-5)


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    x = torch.randn(1, 9, 16)
    for rates in (
        {"dropout": 0.5, "attention_dropout": 0.0},
        {"dropout": 0.0, "attention_dropout": 0.5},
    ):
        block = PostNormBlock(16, 4, 32, **rates)
        assert not torch.allclose(block(x), block(x))
        assert torch.equal(block.eval()(x), block(x))


def test_positions_are_a_grouped_convolution_centred_on_the_token():
    torch.manual_seed(0)
    layer = PositionalConv(6, kernel=4, groups=3)
    torch.nn.init.normal_(layer.conv.bias)
    x = torch.randn(1, 9, 6)
    weight = layer.conv.weight  # (6, 2, 4)
    around = F.pad(x[0], (0, 0, 2, 2))  # two tokens of silence on both sides
    by_hand = torch.empty(9, 6)
    for token in range(9):
        for channel in range(6):
            inputs = slice(channel // 2 * 2, channel // 2 * 2 + 2)
            total = (around[token : token + 4, inputs].T * weight[channel]).sum()
            by_hand[token, channel] = F.gelu(total + layer.conv.bias[channel])
    assert torch.allclose(layer(x)[0], by_hand, atol=1e-5)


def test_position_weights_have_a_length_for_each_tap():
    layer = PositionalConv(6, kernel=4, groups=3)
    with torch.no_grad():
        layer.conv.parametrizations.weight.original0[:] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert torch.allclose(layer.conv.weight.norm(dim=(0, 1)), torch.tensor([1.0, 2.0, 3.0, 4.0]))


def test_an_odd_kernel_keeps_the_number_of_tokens_too():
    assert PositionalConv(6, kernel=5, groups=3)(torch.randn(2, 8, 6)).shape == (2, 8, 6)
