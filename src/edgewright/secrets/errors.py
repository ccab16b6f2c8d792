"""What can be wrong with secrets."""


class SecretError(Exception):
    """Secrets can't be read or written; the message tells the person why, and never one of them."""
