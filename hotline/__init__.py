"""The front door: command, settings, Asterisk's runtime, starting and stopping everything."""
