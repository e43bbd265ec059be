"""What becomes of an engine's words."""
