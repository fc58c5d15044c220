"""What the chapters call: set-up, films, the slider, the laboratory, tables, claims, and text helpers."""

from superposition.book import text
from superposition.book.elements import claims_appendix, claims_table, film, setup, slider, table
from superposition.book.laboratory import laboratory
from superposition.book.phase import phase_explorer

__all__ = ["claims_appendix", "claims_table", "film", "laboratory", "phase_explorer", "setup", "slider", "table", "text"]
