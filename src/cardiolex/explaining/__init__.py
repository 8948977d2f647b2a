"""Why a model answers as it does: relevance of pieces of leads, tested by taking them away."""
