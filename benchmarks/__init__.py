"""Edgewright beside workerd: `python -m benchmarks`; see README.md."""
