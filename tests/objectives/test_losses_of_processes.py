"""Two processes with a part of the batch each give the losses and gradients of one with all."""

import os

import pytest
import torch
import torch.distributed as dist
from group_of_processes import run_together

from cardiolex.objectives.beat_sentence import beat_sentence_loss
from cardiolex.objectives.captioning import caption_cross_entropy

SENTENCES = (3, 1, 0, 5, 2, 4)  # the second half of the batch has longer reports
BEATS = (2, 3, 1, 2, 1, 3)


def batch(rows: slice) -> dict[str, torch.Tensor]:
    """Rows of one batch, padded to the longest among them."""
    torch.manual_seed(0)
    sentences, beats, logits = torch.randn(6, 5, 8), torch.randn(6, 3, 8), torch.randn(6, 4, 7)
    words = torch.tensor([[1, 2, 0, 0], [3, 0, 0, 0], [0] * 4, [4, 5, 6, 1], [2, 2, 2, 0], [1] * 4])
    counts, beat_counts = torch.tensor(SENTENCES[rows]), torch.tensor(BEATS[rows])
    longest, most = int(counts.max()), int(beat_counts.max())
    return {
        "sentences": sentences[rows, :longest].clone().requires_grad_(),
        "sentence_valid": torch.arange(longest) < counts[:, None],
        "beats": beats[rows, :most].clone().requires_grad_(),
        "beat_valid": torch.arange(most) < beat_counts[:, None],
        "logits": logits[rows].clone().requires_grad_(),
        "words": words[rows],
    }


def losses(b: dict[str, torch.Tensor], gather: bool = True) -> list[torch.Tensor]:
    parts = [b[name] for name in ("sentences", "sentence_valid", "beats", "beat_valid")]
    beat = beat_sentence_loss(*parts, gather=gather)
    caption = caption_cross_entropy(b["logits"], b["words"], padding=0)
    (beat + caption).backward()
    return [beat.detach(), caption.detach()]


def process(folder: str) -> None:
    rank = int(os.environ["RANK"])
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    mine = batch(slice(3 * rank, 3 * rank + 3))
    together = losses(mine)
    grads = {name: mine[name].grad for name in ("sentences", "beats", "logits")}
    alone = beat_sentence_loss(
        *(mine[n].detach() for n in ("sentences", "sentence_valid", "beats", "beat_valid")),
        gather=False,
    )
    torch.save({"losses": together, "grads": grads, "alone": alone}, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    run_together(2, process, str(folder))
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_losses_are_those_of_the_whole_batch(two):
    beat, caption = losses(batch(slice(0, 6)))
    assert all(float(part["losses"][0]) == pytest.approx(float(beat), rel=1e-5) for part in two)
    mean = sum(float(part["losses"][1]) for part in two) / 2  # as gradients are averaged
    assert mean == pytest.approx(float(caption), rel=1e-5)


def test_gradients_averaged_over_processes_are_those_of_the_whole_batch(two):
    whole = batch(slice(0, 6))
    losses(whole)
    for rank, part in enumerate(two):
        for name, grad in part["grads"].items():
            rows = whole[name].grad[3 * rank : 3 * rank + 3, : grad.shape[1]]
            assert rows.abs().max() > 1e-3, name
            assert torch.allclose(grad / 2, rows, rtol=1e-3, atol=1e-5), name


def test_as_released_each_process_contrasts_its_own(two):
    for rank, part in enumerate(two):
        own = losses(batch(slice(3 * rank, 3 * rank + 3)))[0]
        assert float(part["alone"]) == pytest.approx(float(own), rel=1e-5)
