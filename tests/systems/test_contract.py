"""What every system must do, whatever its method; tiny, on synthetic pairs."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_systems import DT, TINY, Q, T, batch, made, outputs, queries

from cardiolex.capabilities import (
    Aligns,
    EmbedsECG,
    ExplainsQueries,
    FollowsSteps,
    Pretrains,
    ScoresQueries,
    TrainsText,
    WritesReports,
)
from cardiolex.datasets.batches import Batch
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording
from cardiolex.systems import SYSTEMS, systems


@pytest.fixture(scope="module")
def bert(bert_folder):
    """A text encoder; each system gets one of its own, since it may be trained."""
    return lambda name: TINY[name].text(bert_folder)


@pytest.fixture(params=sorted(SYSTEMS))
def name(request) -> str:
    return request.param


def test_every_system_is_under_contract():
    assert set(TINY) == set(SYSTEMS) == set(systems())


def test_it_can_what_it_says(name, bert):
    system = made(name, bert)
    everything = {Aligns, ScoresQueries, ExplainsQueries, WritesReports, TrainsText}
    claimed = set(TINY[name].can)
    if claimed & {Aligns, ExplainsQueries} and isinstance(system, ScoresQueries):
        claimed.add(ScoresQueries)
    assert isinstance(system, Pretrains)
    assert isinstance(system, EmbedsECG)
    assert {c for c in everything if isinstance(system, c)} == claimed
    assert SYSTEMS[name].paper


def test_losses_are_finite_and_fall(name, bert):
    if TINY[name].learns is None:
        pytest.skip("nothing to learn")
    system, data = made(name, bert), batch()
    optimiser = torch.optim.AdamW(system.parameters(), lr=3e-3)
    history = []
    for step in range(60):
        torch.manual_seed(step)
        losses = system.losses(data)
        assert all(torch.isfinite(value) for value in losses.values())
        losses["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
        if isinstance(system, FollowsSteps):
            system.after_step((step + 1) / 60)
        history.append(float(losses["loss"].detach()))
    assert sum(history[-10:]) < TINY[name].learns * sum(history[:10])
    if "feature_std" in losses:  # of methods that could make all embeddings equal
        assert losses["feature_std"] > TINY[name].spread
        assert losses["effective_rank"] > 2


def test_every_trainable_parameter_gets_a_gradient(name, bert):
    system = made(name, bert)
    system.losses(batch())["loss"].backward()
    silent = [
        n
        for n, p in system.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert silent == []


@torch.no_grad()
def test_masked_leads_and_padding_cannot_change_any_output(name, bert):
    system, data = made(name, bert).eval(), batch()
    before = outputs(system, data)
    data.ecg = torch.where(
        data.lead_mask[:, :, None] & data.sample_mask[:, None], data.ecg, torch.tensor(1e4)
    )
    for a, b in zip(before, outputs(system, data), strict=True):
        assert torch.equal(a, b)


@torch.no_grad()
def test_a_recording_does_not_depend_on_its_neighbours(name, bert):
    system, data = made(name, bert).eval(), batch()
    together = outputs(system, data)
    for i in (0, 1, 2):
        part = Batch(
            data.ecg[i : i + 1],
            data.lead_mask[i : i + 1],
            data.sample_mask[i : i + 1],
            [""],
            None,
            data.labels[i : i + 1],
            [""],
        )
        for a, b in zip(together, outputs(system, part), strict=True):
            assert torch.allclose(a[i], b[0], atol=1e-5)


@torch.no_grad()
def test_leads_are_matched_by_name(name, bert):
    system = made(name, bert).eval()
    torch.manual_seed(5)
    mv = torch.randn(3, T).numpy()
    preprocess = Preprocess(fs=100.0, seconds=1.0, highpass_hz=None)

    def scores(rows: list[int], leads: list[str]) -> torch.Tensor:
        recording = Recording.from_channels(mv[rows], leads, 100.0, unit="mV")
        w = preprocess.windows(recording)
        parts = (torch.from_numpy(x) for x in (w.ecg, w.lead_mask, w.sample_mask))
        return system.embed_ecg(*parts)

    straight = scores([0, 1, 2], ["I", "V2", "aVF"])
    assert torch.equal(straight, scores([2, 0, 1], ["AVF", "i", "v2"]))
    swapped = scores([1, 0, 2], ["I", "V2", "aVF"])
    assert (straight - swapped).abs().max() > 1e-6  # an untrained network: small, but not zero


@torch.no_grad()
def test_weights_round_trip_through_a_file(name, bert, tmp_path):
    system, data = made(name, bert), batch()
    system.losses(data)  # moves running statistics
    system.eval()
    save_file(system.state_dict(), tmp_path / "w.safetensors")
    other = SYSTEMS[name].assemble(TINY[name].config, bert(name), torch.zeros(Q, DT))
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    for a, b in zip(outputs(system, data), outputs(other.eval(), data), strict=True):
        assert torch.equal(a, b)


@torch.no_grad()
def test_a_score_does_not_depend_on_what_else_is_asked(name, bert):
    system, data = made(name, bert).eval(), batch()
    if not isinstance(system, ScoresQueries):
        pytest.skip("nothing can be asked")
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    together = system.score_queries(*parts, queries())
    assert torch.allclose(together[:, 2:3], system.score_queries(*parts, queries()[2:3]), atol=1e-5)


def test_unknown_settings_are_refused(name):
    with pytest.raises(ValueError, match="Extra inputs"):
        type(TINY[name].config)(temprature=0.1)
