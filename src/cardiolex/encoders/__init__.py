"""Encoders: an ECG or a text becomes vectors."""
