from running import edgewright

__all__ = ["edgewright"]
