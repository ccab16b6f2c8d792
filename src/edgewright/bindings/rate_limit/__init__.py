"""Rate limiting: how often something may happen, counted for all processes of a node.

https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
"""
