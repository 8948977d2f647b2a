"""Fetching public data sets: verified, parallel, resumable, never half a file under its name."""
