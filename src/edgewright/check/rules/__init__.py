"""What is looked for: a file for each rule."""
