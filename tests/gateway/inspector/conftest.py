from running import edgewright, http, run, upstream

__all__ = ["edgewright", "http", "run", "upstream"]
