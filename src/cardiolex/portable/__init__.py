"""An exported model read by ONNX Runtime, with no torch and no transformers anywhere."""
