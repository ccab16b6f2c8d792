"""The admin port: metrics, requests and traces of all gateways of a server, for its operator."""
