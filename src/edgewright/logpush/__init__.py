"""Logpush: records of requests to files, HTTP endpoints and S3-compatible storage."""
