"""One live call leg: the FastAGI wire, its sessions and server, and the AGI scripts Asterisk starts itself."""
