"""K-MERL training steps: recordings per second in fp32 and bf16, with the visible tokens counted.

The number of masked leads and the masked segments decide how many tokens are computed; the figures
say how many were.
"""

import argparse
from collections.abc import Callable

import torch
from measuring import Figure, interleaved, main, peak_memory_mib

from cardiolex.datasets.batches import Batch
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.systems.kmerl import KMERL, Masking
from cardiolex.training.optim import adamw, uses_bf16

QUERIES, TEXT = 277, 768
MASKINGS = {
    "9 to 11 leads masked (published)": Masking(),
    "segments masked": Masking(masked_leads=()),
    "nothing masked": Masking(masked_leads=(), segment_ratio=0.0),
}


def batch_of(size: int, samples: int, device: torch.device) -> Batch:
    """Random signals with the shapes of real training."""
    return Batch(
        ecg=torch.randn(size, 12, samples),
        lead_mask=torch.ones(size, 12, dtype=torch.bool),
        sample_mask=torch.ones(size, samples, dtype=torch.bool),
        reports=[""] * size,
        report_vectors=torch.randn(size, TEXT),
        labels=(torch.rand(size, QUERIES) < 0.05).float(),
        ids=[str(i) for i in range(size)],
    ).to(device)


def step_of(system: KMERL, batch: Batch, bf16: bool) -> Callable[[], None]:
    """One optimiser step, as the trainer does it."""
    optimizer = adamw(system, 1e-4, 0.01, (0.9, 0.999))
    device = batch.ecg.device

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = system.losses(batch)["loss"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def tokens_per_recording(system: KMERL, batch: Batch, steps: int = 20) -> float:
    """Mean number of tokens that reach the transformer, counted at its door."""
    counted: list[int] = []
    hook = system.encoder.blocks[0].register_forward_pre_hook(
        lambda _, inputs: counted.append(inputs[0].shape[1])
    )
    with torch.no_grad():
        for _ in range(steps):
            system.losses(batch)
    hook.remove()
    return sum(counted) / len(counted)


def measure(options: argparse.Namespace) -> list[Figure]:
    """Time whole training steps of one K-MERL size, 12 x 5,000 samples, 277 entities."""
    device = torch.device(options.device)
    batch = batch_of(int(options.batch), 5000, device)
    rounds = 4 if options.quick else 12
    figures = []
    for name, masking in MASKINGS.items():
        torch.manual_seed(0)
        config = KMERL.Config(encoder=LeadViT.Config.of_size(options.size), masking=masking)
        system = KMERL(config, torch.randn(QUERIES, TEXT)).to(device).train()
        tokens = tokens_per_recording(system, batch)
        works = {form: step_of(system, batch, form == "bf16") for form in ("fp32", "bf16")}
        taken = interleaved(works, rounds=rounds, warm_up=1)
        for form, seconds in taken.items():
            note = f"{tokens:.0f} of 600 tokens per recording"
            case = f"{options.size}, {form}, {name}"
            figures.append(Figure("train", case, len(batch) / seconds, "recordings/s", note))
        ratio = taken["fp32"] / taken["bf16"]
        figures.append(Figure("train", f"{options.size}, bf16 : fp32, {name}", ratio, "times"))
    chosen = "bf16" if uses_bf16("auto", device) else "fp32"
    figures.append(Figure("train", "peak memory", peak_memory_mib(), "MiB", f"auto: {chosen}"))
    return figures


if __name__ == "__main__":
    default = "cuda" if torch.cuda.is_available() else "cpu"
    main(measure, size="tiny", batch="16", device=default)
