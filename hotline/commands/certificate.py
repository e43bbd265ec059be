"""`hotline certificate`: what callers over TLS are shown, and a new one taken while calls go on."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hotline import certificates, reload
from hotline.settings import Settings

certificate = typer.Typer(name="certificate", help="The certificate for SIP over TLS 加密通话证书.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds `certificate` to the command."""
    app.add_typer(certificate)


@certificate.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """The certificate in use: whom it names and until when. Exit 1 if there is none that can be used."""
    settings = _wanted()
    try:
        used = certificates.installed(settings)
    except certificates.CertificateUnusable as error:
        _refuse(error)
    _say(settings, used, as_json)


@certificate.command("reload")
def reload_(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """Take the certificate's files as they are now; calls in progress go on. Exit 1 if they cannot be used: the last one stays."""
    settings = _wanted()
    try:
        taken = certificates.install(settings)
    except (certificates.CertificateUnusable, OSError) as error:
        _refuse(error)
    assert taken is not None
    reload.certificate(settings)
    _say(settings, taken, as_json)


def _wanted() -> Settings:
    settings = Settings.load()
    if settings.file.tls.port is None:
        _refuse("tls.port is not set: this hotline takes no calls over TLS")
    return settings


def _say(settings: Settings, used: certificates.Certificate, as_json: bool) -> None:
    path, _ = certificates.files(settings)
    facts = {"file": str(path), "names": list(used.names), "until": used.until.isoformat(), "days_left": used.days_left(), "trial": used.trial}
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    kind = "self-signed, for trials" if used.trial else "the city's own"
    typer.echo(f"{path}: {kind}; for {', '.join(used.names)}; until {used.until:%Y-%m-%d} ({used.days_left()} days)")


def _refuse(error: object) -> None:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(1)
