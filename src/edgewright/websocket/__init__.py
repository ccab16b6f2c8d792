"""WebSockets (RFC 6455), whoever opened them and wherever their other side is."""
