"""Pages: made as a fax machine scans them, compared as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from telephone.caller import CallError
from telephone.fax import WIDTH, first_page, likeness, make_page
from tickets.fax import to_pdf


def test_a_page_is_what_fax_machines_take(tmp_path: Path) -> None:
    with Image.open(make_page(tmp_path / "page.tif", ("NOISE AT NIGHT",), pages=2)) as page:
        assert (page.width, page.mode, page.n_frames) == (WIDTH, "1", 2)


def test_the_same_page_is_alike_and_another_is_not(tmp_path: Path) -> None:
    with (
        Image.open(make_page(tmp_path / "one.tif", ("NOISE AT NIGHT", "Huanghe Road 12"))) as one,
        Image.open(make_page(tmp_path / "two.tif", ("STREET LAMP OUT", "Xisan Road 7"))) as two,
    ):
        assert likeness(one, one.copy()) == 1.0
        assert likeness(one, two) < 0.8
        assert likeness(one, one.convert("L").resize((864, 1100))) > 0.7
        assert likeness(one, Image.new("1", one.size, 1)) == 0.0


def test_the_page_is_found_again_in_the_hotlines_pdf(tmp_path: Path) -> None:
    page = make_page(tmp_path / "page.tif", ("NOISE AT NIGHT",), pages=2)
    to_pdf(page, tmp_path / "page.pdf")
    with Image.open(page) as sent:
        assert likeness(sent, first_page((tmp_path / "page.pdf").read_bytes())) == 1.0


@pytest.mark.parametrize("document", [b"", b"%PDF-1.4 nothing", b"/Subtype /Image /Width 5 stream\n"])
def test_a_document_without_a_page_is_no_fax(document: bytes) -> None:
    with pytest.raises(CallError, match="no fax page"):
        first_page(document)
