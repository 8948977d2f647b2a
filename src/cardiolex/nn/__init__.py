"""Parts of networks: tensors in, tensors out; nothing here knows what a recording is."""
