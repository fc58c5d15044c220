"""The run-time type check of the tests, in which a float may be given as a whole number, as everywhere in Python."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
