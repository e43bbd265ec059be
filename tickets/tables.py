"""Once this is imported every table of the register is known: what lists, copies or empties all of them must not forget one.

Whoever adds a subject adds a module `SUBJECT_tables.py`, and is found here.
"""

from __future__ import annotations

import importlib
import pkgutil

import tickets

ALL = tuple(importlib.import_module(f"tickets.{module.name}") for module in pkgutil.iter_modules(tickets.__path__) if module.name.endswith("_tables"))
