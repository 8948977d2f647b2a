"""Pictures: ECG paper true to scale, result curves, and a page of findings for the browser.

Nothing here imports matplotlib until a picture is asked for, and never `pyplot`: figures belong to
their caller and need no display.
"""
