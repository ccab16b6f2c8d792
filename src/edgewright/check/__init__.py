"""What can be said of a Worker's code before anybody uses it."""
