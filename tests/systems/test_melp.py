import math

import pytest
import torch

from cardiolex.capabilities import Aligns, ScoresQueries, WritesReports
from cardiolex.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.nn.generation import Decoding
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.melp import MELP, Caption

T = 160
CONFIG = MELP.Config(
    encoder=ConvTransformer.Config(
        channels=16, width=32, depth=1, heads=2, position_kernel=8, position_groups=4
    ),
    beats=3,
    caption=Caption(tokens=4, layers=1, heads=2),
    text_dim=32,
    embedding_dim=16,
    pooling_heads=2,
)
REPORTS = [
    "sinus. atrial fibrillation.",
    "left bundle branch block.",
    "atrial fibrillation",
    "right bundle branch block. sinus.",
]

SAID = [report.replace(".", "") for report in REPORTS]  # the tiny tokeniser knows no full stop


@pytest.fixture
def made(bert_folder):
    def make(config=CONFIG, **changes):
        torch.manual_seed(0)
        settings = config.model_copy(update=changes)
        return MELP.assemble(settings, CausalText(bert_folder), torch.zeros(0, 32))

    return make


def batch(reports=REPORTS) -> Batch:
    torch.manual_seed(1)
    b = len(reports)
    leads, samples = torch.ones(b, 12, dtype=torch.bool), torch.ones(b, T, dtype=torch.bool)
    names = [f"record {i}" for i in range(b)]
    return Batch(
        torch.randn(b, 12, T), leads, samples, list(reports), None, torch.zeros(b, 0), names
    )


def parts(data: Batch):
    return data.ecg, data.lead_mask, data.sample_mask


def test_it_learns_to_write_the_report_of_each_recording_and_to_find_it(made):
    system, data = made(lead_mask_probability=0.0), batch(SAID)
    optimiser = torch.optim.AdamW((p for p in system.parameters() if p.requires_grad), lr=1e-3)
    for step in range(150):
        torch.manual_seed(step)
        system.losses(data)["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
    system.eval()
    for decoding in (
        Decoding(min_tokens=1),
        Decoding(method="beam", beams=4, groups=2, min_tokens=1),
        Decoding(method="sample", top_k=1, min_tokens=1),
    ):
        assert system.write_reports(*parts(data), decoding) == SAID
    with torch.no_grad():
        vectors = system.text.encode(SAID, "cls")
        assert system.score_queries(*parts(data), vectors).argmax(dim=1).tolist() == [0, 1, 2, 3]
    short = system.write_reports(*parts(data), Decoding(min_tokens=1, max_tokens=3))
    assert all(SAID[i].startswith(text[:3]) for i, text in enumerate(short))
    long = system.write_reports(*parts(data), Decoding(min_tokens=500, max_tokens=500))
    assert len(long) == 4  # no longer than the tower can read


def test_each_weight_switches_its_part_off(made):
    data = batch()
    for off, part in (("token", "decoder"), ("beat", "sentence_projection")):
        system = made(**{f"{off}_weight": 0.0})
        assert getattr(system, part) is None
        losses = system.losses(data)
        assert set(losses) == {"loss", "rhythm", "token", "beat"} - {off}
        losses["loss"].backward()
        assert all(p.grad is not None for p in system.parameters() if p.requires_grad)
    assert not isinstance(made(token_weight=0.0), WritesReports)
    system = made(rhythm_weight=0.0)
    assert not isinstance(system, (Aligns, ScoresQueries)) and isinstance(system, WritesReports)
    losses = system.losses(data)
    assert set(losses) == {"loss", "token", "beat"}
    losses["loss"].backward()
    assert all(p.grad is not None for p in system.parameters() if p.requires_grad)
    with pytest.raises(ValueError, match="nothing trains beats"):
        MELP.Config(rhythm_weight=0.0, beat_weight=0.0)


def test_the_total_is_the_weighted_sum(made):
    system = made().eval()
    torch.manual_seed(0)
    losses = system.losses(batch())
    total = losses["rhythm"] + 2 * losses["token"] + 0.2 * losses["beat"]
    assert torch.allclose(losses["loss"], total)


def test_reports_without_sentences_shift_nobody_and_blank_ones_are_named(made):
    system = made(lead_mask_probability=0.0).eval()
    odd = [REPORTS[0], "...", *REPORTS[1:]]
    data, without = batch(odd), batch(odd)
    rows = torch.tensor([0, 2, 3, 4])
    for name in ("ecg", "lead_mask", "sample_mask"):
        setattr(without, name, getattr(data, name)[rows])
    without.reports = REPORTS
    without.ids = [data.ids[row] for row in rows]
    assert torch.allclose(system.losses(data)["beat"], system.losses(without)["beat"], atol=1e-5)
    data.reports[1] = " "
    with pytest.raises(CardiolexError, match="'record 1' has no report"):
        system.losses(data)


def test_hidden_leads_are_drawn_in_training_only_and_by_probability(made):
    system, seen = made(), []
    system.encoder.register_forward_pre_hook(lambda _, x: seen.append((x[0] != 0).any(dim=2)))
    data = batch()
    for seed in range(50):
        torch.manual_seed(seed)
        system.losses(data)
    share = torch.stack(seen).float().mean()
    assert abs(share - 0.5) < 0.05
    seen.clear()
    system.embed_ecg(*parts(data))
    assert seen[0].all()


def test_as_many_beat_queries_as_beats(made):
    from cardiolex.simulation import simulate

    found = [simulate(i, seed=3).recording.mv for i in range(30)]
    mv = torch.stack([torch.from_numpy(x) for x in found if x.shape == (12, 5000)][:2])
    there = torch.ones(2, 12, dtype=torch.bool), torch.ones(2, 5000, dtype=torch.bool)
    system = made(beats="by heart rate", most_beats=20).eval()
    counts = system._counts(mv, *there)
    assert (counts > 3).all()
    asked = []
    system.beat_pooler.register_forward_hook(lambda _, x, y: asked.append(y.valid))
    both = system.project_ecg(mv, *there)
    assert asked[0].sum(dim=1).tolist() == counts.clamp(max=20).tolist()
    alone = system.project_ecg(mv[:1], there[0][:1], there[1][:1])
    assert torch.allclose(both[:1], alone, atol=1e-5)
    data = batch(REPORTS[:2])
    data.ecg, data.lead_mask, data.sample_mask = mv, *there
    losses = system.train().losses(data)
    losses["loss"].backward()
    assert all(p.grad is not None for p in system.parameters() if p.requires_grad)
    assert len(system.beat_pooler.query) == 20


def test_a_residual_network_is_a_backbone_too(made):
    system = made(backbone="resnet", resnet=ResNet1D.Config(samples=T, width=4))
    data = batch()
    system.losses(data)["loss"].backward()
    silent = [n for n, p in system.named_parameters() if p.requires_grad and p.grad is None]
    assert silent == []
    assert system.embed_ecg(*parts(data)).shape == (4, 16)


def test_the_scale_is_learnt_within_its_bounds(made):
    system = made()
    assert math.isclose(system._scale().item(), 1 / 0.07, rel_tol=1e-5)
    with torch.no_grad():
        system.logit_scale.fill_(9.0)
    assert math.isclose(system._scale().item(), 100, rel_tol=1e-4)
    system.losses(batch())["loss"].backward()
    assert math.isclose(system.logit_scale.item(), math.log(100), rel_tol=1e-6)
    assert system.logit_scale.grad is not None


def test_both_directions_of_text_and_tied_words(made, bert_folder):
    text = CausalText(bert_folder, attention="bidirectional", cls_position="after text")
    torch.manual_seed(0)
    system = MELP(
        CONFIG.model_copy(update={"caption": Caption(tokens=4, layers=1, heads=2, tied=True)}), text
    )
    assert system.decoder.output is None
    system.losses(batch())["loss"].backward()
    silent = [n for n, p in system.named_parameters() if p.requires_grad and p.grad is None]
    assert silent == []
    assert len(system.write_reports(*parts(batch()), Decoding(max_tokens=6))) == 4


def test_the_wrong_text_encoder_and_an_encoder_alone_are_explained(bert_folder):
    for text in (None, HuggingFaceText(bert_folder)):
        with pytest.raises(CardiolexError, match="build it with a CausalText"):
            MELP(CONFIG, text)
    config = CONFIG.model_copy(update={"encoder_only": True})
    alone = MELP.assemble(config, None, torch.zeros(0, 32))
    assert alone.project_ecg(*parts(batch())).shape == (4, 16)
    assert not isinstance(alone, (Aligns, ScoresQueries, WritesReports))
    with pytest.raises(CardiolexError, match="holds its ECG encoder alone"):
        alone.losses(batch())


def test_a_checkpoint_brings_back_the_trained_text(made, tmp_path):
    system, data = made(), batch()
    optimiser = torch.optim.AdamW((p for p in system.parameters() if p.requires_grad), lr=1e-2)
    system.losses(data)["loss"].backward()
    optimiser.step()
    system.eval()
    preprocess = Preprocess(fs=16.0, highpass_hz=None)
    checkpoint = Checkpoint("tiny", "melp", system, preprocess, Vocabulary.load(), system.text)
    folder = save_checkpoint(checkpoint, tmp_path / "model")
    again = load_checkpoint(folder)
    assert isinstance(again.text, CausalText)
    assert again.system.text is again.text
    assert torch.equal(again.text.encode(REPORTS, "cls"), system.text.encode(REPORTS, "cls"))
    assert torch.equal(again.score(*parts(data), REPORTS), checkpoint.score(*parts(data), REPORTS))
    decoding = Decoding(max_tokens=8)
    assert again.system.write_reports(*parts(data), decoding) == system.write_reports(
        *parts(data), decoding
    )
