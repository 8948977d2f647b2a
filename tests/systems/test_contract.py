"""What every system must do, whatever its method; tiny, on synthetic pairs."""

from dataclasses import dataclass

import pytest
import torch
from pydantic import BaseModel
from safetensors.torch import load_file, save_file

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
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder, BeatTransformer
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.nn.code_book import CodeBook
from cardiolex.nn.domain_decoder import DomainDecoder
from cardiolex.nn.forecast import Forecast
from cardiolex.nn.lead_decoder import LeadDecoder
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.nn.quantizer import GumbelQuantizer
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.nn.views import Views
from cardiolex.nn.weak_strong import WeakStrong
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording
from cardiolex.systems import SYSTEMS, systems
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.barlow_twins import BarlowTwins
from cardiolex.systems.byol import BYOL
from cardiolex.systems.clocs import CLOCS
from cardiolex.systems.cpc import CPC
from cardiolex.systems.crt import CRT
from cardiolex.systems.heartlang import HeartLang
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.systems.kmerl import KMERL
from cardiolex.systems.melp import MELP, Caption
from cardiolex.systems.merl import MERL
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simclr import SimCLR
from cardiolex.systems.simsiam import SimSiam
from cardiolex.systems.st_mem import STMEM
from cardiolex.systems.supreme import Encoder, Fusion, SuPreME
from cardiolex.systems.ts_tcc import TSTCC
from cardiolex.systems.wav2vec2_cmsc import Wav2Vec2CMSC

Q, DT, T = 6, 32, 100
WORDS = ("left bundle branch block", "atrial fibrillation", "sinus rhythm", "right bundle")


@dataclass(frozen=True)
class Tiny:
    """A system of test size and what it must be able to do."""

    config: BaseModel
    can: tuple[type, ...]
    learns: float | None = 0.7
    """Its loss falls to this share in sixty steps; None if there is nothing to learn."""
    spread: float = 0.3
    """Its embeddings then spread at least so much over the sphere; means of tokens spread less."""
    text: type[HuggingFaceText] = HuggingFaceText
    """What it takes for a text encoder."""


TINY_RESNET = ResNet1D.Config(kind="resnet", samples=T, width=4)
UNMOVED = Views(fs=100.0, crop=(1.0, 1.0))
"""Of white noise a resampled view is unlike it."""
SMALL = {"encoder": TINY_RESNET, "views": UNMOVED, "projection": 32}
FORECAST = Forecast.Config(width=16, depth=1, heads=2, hidden=16, past=(0.5, 0.5))
BEATS = BeatFinder.Config(samples=10, most=10)
SENTENCES = BeatTransformer.Config(
    beat_samples=10, seconds=1, width=32, depth=2, heads=2, hidden=64
)
WORDS_OF_BEATS = BeatTokenizer.Config(
    encoder=SENTENCES, book=CodeBook.Config(codes=16, width=8), decoder_depth=1
)
TINY = {
    "astcl": Tiny(
        ASTCL.Config(
            encoder=TINY_RESNET,
            views=NoiseViews(fs=100.0),
            forecast=FORECAST,
            projection=32,
            hidden=16,
        ),
        (),
    ),
    "barlow_twins": Tiny(BarlowTwins.Config(**SMALL), ()),
    "byol": Tiny(BYOL.Config(**SMALL, hidden=32), ()),
    "clocs": Tiny(CLOCS.Config(encoder=TINY_RESNET), (), learns=0.9),
    "cpc": Tiny(
        CPC.Config(
            encoder=ConvGRU.Config(channels=16, width=16, layers=1), ahead=2, negatives=None
        ),
        (),
    ),
    "crt": Tiny(
        CRT.Config(
            encoder=CrossDomain.Config(
                samples=T, patch_samples=10, width=16, depth=2, heads=2, hidden=32
            ),
            decoder=DomainDecoder.Config(depth=1, heads=2, hidden=32),
        ),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "heartlang": Tiny(
        HeartLang.Config(beats=BEATS, encoder=SENTENCES, tokenizer=WORDS_OF_BEATS),
        (),
        spread=0.02,
    ),
    "heartlang_tokenizer": Tiny(
        HeartLangTokenizer.Config(beats=BEATS, tokenizer=WORDS_OF_BEATS),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "kmerl": Tiny(
        KMERL.Config(
            encoder=LeadViT.Config(segment_samples=10, max_segments=10, width=32, depth=2, heads=2),
            query_network=QueryNetwork.Config(width=32, layers=2, heads=2, hidden=64),
            text_dim=DT,
            embedding_dim=16,
        ),
        (Aligns, ExplainsQueries),
    ),
    "melp": Tiny(
        MELP.Config(
            encoder=ConvTransformer.Config(
                channels=16, width=32, depth=2, heads=2, position_kernel=8, position_groups=4
            ),
            beats=3,
            caption=Caption(tokens=5, layers=1, heads=2),
            text_dim=DT,
            embedding_dim=16,
            pooling_heads=2,
        ),
        (Aligns, ScoresQueries, WritesReports, TrainsText),
        text=CausalText,
    ),
    "merl": Tiny(
        MERL.Config(encoder=ResNet1D.Config(samples=T, width=4), text_dim=DT, embedding_dim=16),
        (Aligns, ScoresQueries),
    ),
    "moco_v3": Tiny(MoCoV3.Config(**SMALL, hidden=32), (), learns=0.9),
    "random_init": Tiny(RandomInit.Config(encoder=TINY_RESNET), (), learns=None),
    "simclr": Tiny(SimCLR.Config(**SMALL), (), learns=0.9),
    "simsiam": Tiny(SimSiam.Config(**SMALL, hidden=16), ()),
    "st_mem": Tiny(
        STMEM.Config(
            encoder=LeadSequences.Config(segment_samples=10, width=32, depth=2, heads=2),
            decoder=LeadDecoder.Config(width=16, depth=1, heads=2),
        ),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "supreme": Tiny(
        SuPreME.Config(
            encoder=Encoder(segment_samples=10, max_segments=10, width=32, depth=2, heads=2),
            query_network=Fusion(width=32, layers=2, heads=2, hidden=64, projection_hidden=32),
            text_dim=DT,
        ),
        (ExplainsQueries,),
    ),
    "wav2vec2_cmsc": Tiny(
        Wav2Vec2CMSC.Config(
            encoder=ConvTransformer.Config(
                channels=16,
                stages=2,
                width=32,
                depth=2,
                heads=2,
                position_kernel=8,
                position_groups=4,
                attention_dropout=0.0,
            ),
            quantizer=GumbelQuantizer.Config(entries=8, width=16),
            mask_length=2,
            negatives=8,
        ),
        (),
        learns=0.9,
        spread=0.03,
    ),
    "ts_tcc": Tiny(
        TSTCC.Config(
            encoder=TINY_RESNET,
            views=WeakStrong(segments=1),  # white noise cut up is unlike itself
            forecast=FORECAST,
            projection=16,
        ),
        (),
        learns=0.9,
    ),
}


@pytest.fixture(scope="module")
def bert(bert_folder):
    """A text encoder; each system gets one of its own, since it may be trained."""
    return lambda name: TINY[name].text(bert_folder)


def made(name: str, text=None, **changes):
    torch.manual_seed(0)
    config = TINY[name].config.model_copy(update=changes)
    return SYSTEMS[name].assemble(config, text(name) if text else None, torch.randn(Q, DT))


def queries() -> torch.Tensor:
    torch.manual_seed(4)
    return torch.randn(Q, DT)


def batch(b: int = 12) -> Batch:
    torch.manual_seed(1)
    labels = (torch.rand(b, Q) < 0.3).float()
    labels[0, 0] = torch.nan
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    lead_mask[1, 3:] = False
    sample_mask = torch.ones(b, T, dtype=torch.bool)
    sample_mask[2, 60:] = False
    ecg = torch.randn(b, 12, T) * lead_mask[:, :, None] * sample_mask[:, None]
    reports = [f"{WORDS[i % 4]}. {WORDS[i // 4]}." for i in range(b)]
    names = [str(i) for i in range(b)]
    patients = [str(i % 9) for i in range(b)]
    vectors = torch.randn(b, DT)
    return Batch(ecg, lead_mask, sample_mask, reports, vectors, labels, names, patients)


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


def outputs(system, data: Batch) -> list[torch.Tensor]:
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    results = [system.embed_ecg(*parts)]
    if isinstance(system, Aligns):
        results.append(system.project_ecg(*parts))
    if isinstance(system, ScoresQueries):
        results.append(system.score_queries(*parts, queries()))
    return results


def test_kmerl_masks_as_it_is_told():
    system, seen = made("kmerl"), []
    system.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    torch.manual_seed(0)
    for _ in range(20):
        system.losses(batch())
    for visible in seen:
        leads = visible.any(dim=2).sum(dim=1)
        assert leads[0] in (1, 2, 3)
        assert (leads == leads[0]).all()
        per_lead = visible.sum(dim=2)
        assert set(per_lead[0].tolist()) == {0, 8}  # of 10 segments ceil(7.5) stay
        assert set(per_lead[2].tolist()) == {0, 5}  # of 6 real ones ceil(4.5)


def test_a_subset_of_queries_gives_the_loss_of_all_on_average():
    whole = made("kmerl", contrast_weight=0.0).eval()
    part = made("kmerl", contrast_weight=0.0, queries_per_step=3).eval()
    part.load_state_dict(whole.state_dict())
    plain = whole.config.masking.model_copy(update={"masked_leads": (), "segment_ratio": 0.0})
    for system in (whole, part):
        system.config = system.config.model_copy(update={"masking": plain})
    data = batch()
    data.labels = data.labels.nan_to_num(0.0)
    with torch.no_grad():
        torch.manual_seed(0)
        mean = torch.stack([part.losses(data)["loss"] for _ in range(300)]).mean()
        assert torch.allclose(mean, whole.losses(data)["loss"], atol=0.01)


def test_missing_reports_and_foreign_labels_are_explained():
    system, data = made("kmerl"), batch()
    data.report_vectors = None
    with pytest.raises(CardiolexError, match="no report vectors"):
        system.losses(data)
    data = batch()
    data.labels = data.labels[:, :4]
    with pytest.raises(CardiolexError, match="labels name 4 entities, the system knows 6"):
        system.losses(data)


@torch.no_grad()
def test_explanations_point_at_leads_that_exist():
    system, data = made("kmerl").eval(), batch()
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    logits, weights = system.explain_queries(*parts, system.entity_vectors)
    assert weights.shape == (12, Q, 12, 10)
    assert torch.allclose(weights.sum(dim=(2, 3)), torch.ones(12, Q), atol=1e-5)
    assert weights[1, :, 3:].abs().max() == 0
    assert weights[2, :, :, 6:].abs().max() == 0
    assert torch.allclose(logits, system.score_queries(*parts, system.entity_vectors), atol=1e-5)


def test_the_head_that_learns_heartbeats_is_taken_off():
    system, data = made("kmerl", beat_weight=1.0), batch()
    with pytest.raises(CardiolexError, match="what each heartbeat is"):
        system.losses(data)
    data.beats = torch.rand(12, 10, 12).round()
    losses = system.losses(data)
    losses["loss"].backward()
    assert float(losses["beats"]) > 0 and system.beat_head.weight.grad.abs().sum() > 0
    system.eval()
    before = outputs(system, data)
    system.remove_scaffold()
    assert not [name for name in system.state_dict() if "beat" in name]
    assert system.config == made("kmerl").config
    for a, b in zip(before, outputs(system, data), strict=True):
        assert torch.equal(a, b)
