"""The heart: what a caller can reach and what happens next. Pure: texts and events in, places and instructions out."""
