"""The window that networks of fixed length take."""

from torch import Tensor

from cardiolex.errors import CardiolexError


def check_window(ecg: Tensor, leads: int, samples: int) -> None:
    """CardiolexError unless `ecg` is (B, leads, samples)."""
    if ecg.shape[1:] != (leads, samples):
        raise CardiolexError(
            f"ECG of {ecg.shape[1]} leads and {ecg.shape[2]} samples; this network takes {leads} "
            f"and {samples}: choose a Preprocess whose fs x seconds fits, or other samples"
        )
