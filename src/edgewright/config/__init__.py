"""A Worker's configuration: what to run and what its `env` holds."""

from edgewright.config.load import load_config
from edgewright.config.worker_config import ConfigError, WorkerConfig

__all__ = ["ConfigError", "WorkerConfig", "load_config"]
