"""The telephone network in front of the hotline, played by a second Asterisk: for the demo, tests and measurements."""
