"""The HTTP API: `web.app.create_app` makes it, `web.server.serve` serves it."""
