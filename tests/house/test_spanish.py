"""Everything a page can say is said in Spanish too, and the compiled catalogue is the one the pages read."""

from __future__ import annotations

from django.utils import translation

from tools import catalogue


def test_every_message_has_a_spanish_translation_with_the_same_placeholders() -> None:
    assert catalogue.missing(catalogue.updated()) == []


def test_the_stored_catalogue_is_what_the_source_asks_for() -> None:
    po, mo = catalogue.written(catalogue.updated())
    assert po == catalogue.PO.read_bytes(), "run `python tools/catalogue.py` and translate what is new"
    assert mo == catalogue.MO.read_bytes(), "run `python tools/catalogue.py`"


def test_a_page_reads_the_compiled_catalogue() -> None:
    with translation.override("es"):
        assert translation.gettext("My day") == "Mi día"
        assert translation.ngettext("%(n)s entry", "%(n)s entries", 2) == "%(n)s anotaciones"
