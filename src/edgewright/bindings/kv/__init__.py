"""KV: values by keys, read often and written seldom.

https://developers.cloudflare.com/kv/
"""
