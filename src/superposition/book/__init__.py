<<<<<<< HEAD
"""What the chapters call: set-up, films, the slider, the laboratory, tables, claims, and text helpers."""

from superposition.book import text
from superposition.book.elements import claims_appendix, claims_table, film, setup, slider, table
from superposition.book.laboratory import laboratory
from superposition.book.phase import phase_explorer

__all__ = ["claims_appendix", "claims_table", "film", "laboratory", "phase_explorer", "setup", "slider", "table", "text"]
=======
"""What the chapters call: set-up, films and their gallery, the slider, tables, claims, and text helpers."""

from superposition.book import text
from superposition.book.elements import claims_appendix, claims_table, film, setup, slider, table
from superposition.book.gallery import films, gallery
from superposition.book.heads import head_picker
from superposition.book.phase import phase_explorer

__all__ = [
    "claims_appendix", "claims_table", "film", "films", "gallery", "head_picker", "phase_explorer", "setup", "slider", "table", "text",
]  # fmt: skip
>>>>>>> d0ac69c288b81e2e5bea608d73c8fc0bac253111
