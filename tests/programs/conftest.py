from bundling import bundle
from running import edgewright, http, run, upstream

__all__ = ["bundle", "edgewright", "http", "run", "upstream"]
