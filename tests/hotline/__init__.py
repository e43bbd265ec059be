"""The front door: settings, Asterisk as a program, supervision, doctor."""
