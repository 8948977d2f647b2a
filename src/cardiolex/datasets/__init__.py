"""Recordings, labels and reports in the form in which training takes them."""
