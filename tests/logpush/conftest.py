from receiver import receiver
from running import edgewright

__all__ = ["edgewright", "receiver"]
