"""Models for elsewhere: ONNX graphs that need no torch, folders on a hub."""
