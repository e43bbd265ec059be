"""The heart: what a caller can reach and what happens next. Pure."""
