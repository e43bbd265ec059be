"""The hotline's Asterisk, as tests/hotline has it: some stories of the menu are told to it."""

from tests.hotline.conftest import asterisk, settings

__all__ = ["asterisk", "settings"]
