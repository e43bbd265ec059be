"""The register, opened for one command: a database that cannot be used is one line and exit code 2, whichever command asked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hotline.settings import Settings
from hotline.terminal import refuse

if TYPE_CHECKING:  # the database's packages take seconds to import, and `hotline --help` should not wait for them
    from tickets.store import Store


@contextlib.contextmanager
def register() -> Iterator[Store]:
    """All tables up to date; with jobs, so what is sent again has one at once."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from hotline.register import open_register  # noqa: PLC0415

    try:
        with contextlib.closing(open_register(Settings.load().database_url)) as store:
            yield store
    except SQLAlchemyError as error:
        refuse(f"the database cannot be used: {str(error).splitlines()[0]}")
