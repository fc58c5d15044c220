"""Text on its way into a page: numbers as prose wants them, and foreign strings made harmless.
Everything that comes from data passes `markdown` or `attribute` here, and nowhere else."""

import html
import json
import math
import re
import unicodedata
from typing import Any, SupportsFloat

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(x: SupportsFloat, digits: int = 2) -> str:
    """`x` with `digits` decimals, or with `digits` significant figures where those decimals would be zeros.

    Whole thousands are grouped, below 0.0001 powers of ten are used, the minus is a minus; NaN is `n/a`.

    >>> number(1234.56), number(-0.00312), number(3.1e-7)
    ('1,234.56', '−0.0031', '3.1 × 10⁻⁷')
    """
    x = float(x)
    if math.isnan(x):
        return "n/a"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if 0 < abs(x) < 1e-4:
        mantissa, _, exponent = f"{x:.{max(digits - 1, 0)}e}".partition("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", "−")
    if 0 < abs(x) < 10.0**-digits and digits > 0:
        digits += -1 - math.floor(math.log10(abs(x)))
    plain = f"{x:,.{digits}f}"
    return plain.replace("-", "−") if plain.strip("-0.") else plain.removeprefix("-")


def percent(x: SupportsFloat, digits: int = 0) -> str:
    """A share as a percentage: `percent(0.953)` is `95%`."""
    return "n/a" if math.isnan(float(x)) else f"{number(100 * float(x), digits)}%"


def interval(mean: SupportsFloat, low: SupportsFloat, high: SupportsFloat, digits: int = 2) -> str:
    """A value with its interval: `0.98 (0.95 to 0.99)`."""
    return f"{number(mean, digits)} ({number(low, digits)} to {number(high, digits)})"


def percent_interval(share: SupportsFloat, low: SupportsFloat, high: SupportsFloat, digits: int = 0) -> str:
    """A share with its interval: `95% (90% to 97%)`."""
    return f"{percent(share, digits)} ({percent(low, digits)} to {percent(high, digits)})"


def visible(text: str) -> str:
    """`text` on one line, control and bidirectional characters spelt out, such as ⟨U+202E⟩, so that they do nothing."""
    spaced = re.sub(r"[\t\n\r]+", " ", text)
    return "".join(f"⟨U+{ord(c):04X}⟩" if _acts(c) else c for c in spaced)


def _acts(character: str) -> bool:
    """Controls, format characters (bidirectional ones among them), lone surrogates, separators of lines."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def markdown(text: str) -> str:
    """`text` such that pandoc prints it as it stands: all ASCII punctuation is escaped, so is the pipe of a table."""
    return _PUNCTUATION.sub(r"\\\1", visible(text))


def attribute(text: str) -> str:
    """`text` for HTML, as content or between double quotes, inside a fenced raw block."""
    return html.escape(visible(text)).replace("`", "&#96;")


def script_json(value: Any) -> str:
    """`value` as JSON that can neither end the script element nor the fence around it."""
    encoded = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    for character in "<>&`":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return encoded
