"""DevTools for `dev`: the Chrome DevTools Protocol, from the person's front-end to the isolates."""
