"""CLOCS: frames and leads of one patient lie nearer to each other than to anybody else's.

Paper: "CLOCS: Contrastive Learning of Cardiac Signals Across Space, Time, and Patients", ICML 2021,
arXiv 2005.13249. No augmentation: views are what a heart shows at another time, in another lead.
A recording is cut into two frames of half its length; a view is one lead of one frame.
- "cmsc": the two frames of a lead are the views; contrasted lead by lead.
- "cmlc": the leads of a frame are the views; contrasted frame by frame.
- "cmsmlc": all leads of both frames are.
Recordings of one patient in a batch are positives too. Loss: `objectives.patients`, which says what
differs from the released code (there the loss of every pair but the last is overwritten).

Encoder: that of the paper sees one lead, `Config.original`; recordings are embedded by the mean
over their present leads and frames, which cannot say which lead was which. ResNet-18, the default,
sees the twelve leads of a frame at once as in other methods here, for which only "cmsc" is defined;
with `leads=1` it sees one too.
Choices: contrast within a lead or a frame, where the original mixes them all in a batch (in which
leads of one recording seldom meet); a frame takes part if half of it is a signal.
Shapes: B batch, T samples, C = 12 / L groups of the L leads an encoder sees, D width.
"""

from typing import ClassVar, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_blocks import ConvBlocks
from cardiolex.encoders.pooled import PooledConfig, PooledEncoder
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.collapse import collapse_figures
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.patients import patient_contrast

LEADS = 12
CLOCSViews = Literal["cmsc", "cmlc", "cmsmlc"]


class CLOCS(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "CLOCS (arXiv 2005.13249)"

    class Config(BaseModel):
        """Frames of twelve leads and ResNet-18 by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        views: CLOCSViews = "cmsc"
        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        """Its `samples` are those of a window; it sees half of them at a time."""
        rescale: bool = False
        """What the encoder sees at a time is scaled from 0 to 1, which takes the voltage away."""
        temperature: float = Field(default=0.1, gt=0)
        text_dim: int = 768
        """Not used: there is no text."""

        @classmethod
        def original(cls, views: CLOCSViews = "cmsc") -> Self:
            """As published: a small network of single leads, scaled from 0 to 1."""
            return cls(views=views, encoder=ConvBlocks.Config.clocs(), rescale=True)

        @model_validator(mode="after")
        def _leads_fit(self) -> Self:
            if self.encoder.leads not in (1, LEADS):
                raise CardiolexError(f"encoder.leads = {self.encoder.leads}; set 1 or {LEADS}")
            if self.views != "cmsc" and self.encoder.leads != 1:
                raise CardiolexError(
                    f"views = {self.views!r} contrasts leads, which needs an encoder of single "
                    "leads: set encoder.leads = 1, or views = 'cmsc'"
                )
            return self

        @property
        def reads(self) -> Reads:
            """Nothing but signals, and whose they are."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        settings = {**config.encoder.model_dump(), "samples": config.encoder.samples // 2}
        self.encoder = PooledEncoder(type(config.encoder).model_validate(settings))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of whole recordings."""
        h, share = self._frames(batch.ecg, batch.lead_mask, batch.sample_mask)
        views, there = h, share >= 0.5  # (B, C, 2, D): groups of leads, each with two views
        if self.config.views == "cmlc":
            views, there = views.transpose(1, 2), there.transpose(1, 2)
        if self.config.views == "cmsmlc":
            views, there = views.flatten(1, 2)[:, None], there.flatten(1, 2)[:, None]
        loss = patient_contrast(views, there, batch.patient_numbers(), self.config.temperature)
        whole = _mean(h.detach(), share)
        return {"loss": loss, **collapse_figures(gather_rows(whole))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D): mean over present leads and frames, each as long as it is a signal."""
        return _mean(*self._frames(ecg, lead_mask, sample_mask))

    def _frames(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, C, 2, D), zero where there is nothing, and shares of signal (B, C, 2)."""
        b, leads, half = len(ecg), self.config.encoder.leads, ecg.shape[2] // 2
        parts = ecg[:, :, : 2 * half].reshape(b, LEADS // leads, leads, 2, half).transpose(2, 3)
        lead = lead_mask.view(b, -1, 1, leads)  # (B, C, 1, L)
        real = sample_mask[:, : 2 * half].reshape(b, 1, 2, half)
        share = real.float().mean(dim=3) * lead.any(dim=3)  # (B, C, 2)
        some = share > 0
        lead, real = lead.expand(*some.shape, leads)[some], real.expand(*some.shape, half)[some]
        x = parts[some]  # (M, L, T / 2)
        if self.config.rescale:
            x = _from_0_to_1(x, lead[:, :, None] & real[:, None])
        h = self.encoder(x, lead, real)  # only what is there counts for BatchNorm
        every = h.new_zeros(*some.shape, h.shape[1])
        every[some] = h
        return every, share


def _mean(h: Tensor, share: Tensor) -> Tensor:
    """(B, C, 2, D) weighted by `share` (B, C, 2): (B, D)."""
    total: Tensor = (h * share[..., None]).sum(dim=(1, 2))
    return total / share.sum(dim=(1, 2)).clamp(min=1e-6)[:, None]


def _from_0_to_1(x: Tensor, there: Tensor) -> Tensor:
    """`x` (M, L, S) scaled by the extremes of what is `there`."""
    lowest = x.masked_fill(~there, torch.inf).amin(dim=(1, 2), keepdim=True)
    highest = x.masked_fill(~there, -torch.inf).amax(dim=(1, 2), keepdim=True)
    return (x - lowest) / (highest - lowest).clamp(min=1e-6)
