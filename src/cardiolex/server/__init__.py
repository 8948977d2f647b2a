"""The HTTP server: an API that fits into other systems, and a page that shows ECG and evidence.

A front process speaks HTTP and never opens a stranger's file; worker processes read files and hold
the model. A worker that dies or takes too long is replaced, and what it was at is given to another.
"""
