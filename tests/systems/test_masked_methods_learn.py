"""Masked methods on simulated recordings: the loss falls well below that of knowing nothing."""

import pytest
import torch
from tiny_systems import SENTENCES, TINY

from cardiolex.datasets.batches import Batch
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.nn.code_book import CodeBook
from cardiolex.simulation import simulate
from cardiolex.systems import SYSTEMS

N, SECONDS, FS = 12, 4, 100
BEAT = SENTENCES.model_copy(update={"beat_samples": 64, "seconds": SECONDS})
WORDS = BeatTokenizer.Config(encoder=BEAT, book=CodeBook.Config(codes=32, width=8), decoder_depth=1)
FINDER = BeatFinder.Config(samples=64, most=12, detector="energy")
CHANGES = {
    "st_mem": {
        "encoder": LeadSequences.Config(segment_samples=25, width=32, depth=2, heads=2),
    },
    "crt": {
        "encoder": CrossDomain.Config(
            samples=SECONDS * FS, patch_samples=20, width=16, depth=2, heads=2, hidden=32
        )
    },
    "wav2vec2_cmsc": {"mask_length": 5},
    "heartlang_tokenizer": {"beats": FINDER, "tokenizer": WORDS},
    "heartlang": {"beats": FINDER, "encoder": BEAT, "tokenizer": WORDS},
}
BELOW = {
    "st_mem": ("loss", 0.85),
    "crt": ("reconstruction", 0.75),
    "wav2vec2_cmsc": ("contrast", 0.95),
    "heartlang_tokenizer": ("reconstruction", 0.5),
    "heartlang": ("loss", 0.5),
}
"""Part of the loss, and the share of its first value that it falls below."""


@pytest.fixture(scope="module")
def recordings() -> Batch:
    rows = [simulate(i).recording.resample(FS).mv[:, : SECONDS * FS] for i in range(N)]
    ecg = torch.stack([torch.from_numpy(row).float() for row in rows])
    masks = torch.ones(N, 12).bool(), torch.ones(N, SECONDS * FS).bool()
    names = [str(i) for i in range(N)]
    return Batch(ecg, *masks, [""] * N, None, torch.zeros(N, 1), names, names)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_it_learns_from_recordings_and_tells_them_apart(name, recordings):
    torch.manual_seed(0)
    config = TINY[name].config.model_copy(update=CHANGES[name])
    system = SYSTEMS[name].assemble(config, None, torch.zeros(1, 1))
    optimiser = torch.optim.AdamW(system.parameters(), lr=3e-3)
    part, share = BELOW[name]
    history = []
    for step in range(80):
        torch.manual_seed(step)
        losses = system.losses(recordings)
        losses["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
        history.append(float(losses[part].detach()))
    assert sum(history[-5:]) / 5 < share * history[0]
    system.eval()
    with torch.no_grad():
        z = system.embed_ecg(recordings.ecg, recordings.lead_mask, recordings.sample_mask)
    assert (torch.pdist(z) > 1e-3 * z.norm(dim=1).mean()).all()
