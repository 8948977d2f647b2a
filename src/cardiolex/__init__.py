"""Learn from ECGs and their reports; answer plain-word questions about any ECG with any leads."""

__version__ = "0.1.0"
