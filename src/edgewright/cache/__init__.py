"""The edge cache: what may be kept (RFC 9111, RFC 5861), and where.

Knows neither isolates nor sockets: requests and responses come and go as flat header lists and
bodies (messages.py), and whoever uses the cache says how an upstream is asked.
"""
