"""What the chapters call: set-up, films and their gallery, the slider, the laboratory, tables, claims, and text helpers."""

from superposition.book import text
from superposition.book.elements import claims_appendix, claims_count, claims_table, film, setup, slider, surprises, table
from superposition.book.gallery import gallery
from superposition.book.heads import head_picker
from superposition.book.laboratory import laboratory
from superposition.book.phase import phase_explorer

__all__ = [
    "claims_appendix", "claims_count", "claims_table", "film", "gallery", "head_picker", "laboratory", "phase_explorer",
    "setup", "slider", "surprises", "table", "text",
]  # fmt: skip
