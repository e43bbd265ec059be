"""`hotline demo`: places real calls and says whether everything came true."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Adds `demo` to the command."""

    @app.command()
    def demo() -> None:
        """Place real calls on a hotline of its own: person, voicemail, fax, failure, hand-over."""
        raise typer.Exit(1)
