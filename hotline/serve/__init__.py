"""The Python processes of a running hotline, a module each with `run(settings)`; here the rooms are wired together.

Each ends in good order on SIGTERM and may be killed at any time: Asterisk goes on with the calls, the supervisor
starts the process again, and what it had in hand is on disk.
"""
