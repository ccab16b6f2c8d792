"""What a Worker needs to know and nobody else may: where it comes from, and that it stays in."""
