"""The training loop and what it needs: processes, schedule, log, resumable state."""
