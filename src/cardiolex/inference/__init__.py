"""A system's answers on a processor: the same weights in faster arithmetic, no gradients."""
