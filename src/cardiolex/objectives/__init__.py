"""Pure losses on tensors. B batch per process, D dimension, Q queries."""
