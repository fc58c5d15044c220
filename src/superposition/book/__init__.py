"""What the chapters call: set-up, films, the parts that a reader moves, tables, claims, and helpers for text."""

from superposition.book import text
from superposition.book.elements import claims_appendix, claims_count, claims_table, film, setup, slider, surprises, table
from superposition.book.gallery import gallery
from superposition.book.heads import head_picker
from superposition.book.laboratory import laboratory
from superposition.book.phase import phase_explorer
from superposition.book.room import room
from superposition.book.trainer import trainer

__all__ = [
    "claims_appendix", "claims_count", "claims_table", "film", "gallery", "head_picker", "laboratory", "phase_explorer",
    "room", "setup", "slider", "surprises", "table", "text", "trainer",
]  # fmt: skip
