"""Text on its way into a page: numbers as prose wants them, and foreign strings made harmless.
Everything that comes from data passes `markdown` or `attribute` here, and nowhere else."""

import html
import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any, SupportsFloat

import numpy as np
from IPython.display import Markdown
from numpy.typing import ArrayLike

from superposition import estimates, metrics

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
    """A value with its interval: `0.98 (0.95 to 0.99)`; alone where the interval, as printed, has no width."""
    return _with_ends(*(number(x, digits) for x in (mean, low, high)))


def percent_interval(share: SupportsFloat, low: SupportsFloat, high: SupportsFloat, digits: int = 0) -> str:
    """A share with its interval: `95% (90% to 97%)`; alone where the interval, as printed, has no width."""
    return _with_ends(*(percent(x, digits) for x in (share, low, high)))


def _with_ends(value: str, low: str, high: str) -> str:
    return value if low == value == high else f"{value} ({low} to {high})"


def mean(seeds: ArrayLike, digits: int = 2, least: float = -math.inf, most: float = math.inf) -> str:
    """The mean over seeds with its 95% interval, which ends at what the quantity can be: `2.00 (0.76 to 3.24)`.

    `seeds`: one number each. Where all are the same, that is said; their spread, which is none, would be no interval.
    Raises ValueError with fewer than two.

    >>> mean([0.0, 0.0, 3.0], 1, least=0), mean([5.0, 5.0], 0)
    ('1.0 (0.0 to 5.3)', '5 (in all 2 seeds)')
    """
    return _over_seeds(seeds, (least, most), lambda x: number(x, digits))


def share(seeds: ArrayLike, digits: int = 0) -> str:
    """A mean share over seeds with its 95% interval, which ends at 0% and 100%; `seeds` holds a share each.

    Where all are the same, the bound is said that so many seeds allow, as in `estimates.over_seeds`.

    >>> share([0.9, 1.0, 0.95]), share([1.0] * 8)
    ('95% (83% to 100%)', '100% (in all 8 seeds, so at least 68%)')
    """
    return _over_seeds(seeds, (0, 1), lambda x: percent(x, digits))


def _over_seeds(seeds: ArrayLike, bounds: tuple[float, float], printed: Callable[[float], str]) -> str:
    values = np.asarray(seeds, float)
    value, low, high = np.clip(metrics.mean_interval(values), *bounds)
    if not estimates.tied(values):
        return _with_ends(*map(printed, (value, low, high)))
    ends = ""
    if np.isfinite(bounds).all():
        found = estimates.over_seeds(values, bounds)
        ends = f", so {bound(printed(value), printed(found.low), printed(found.high))}"
    return f"{printed(value)} (in all {len(values)} seeds{ends})"


def bound(value: str, low: str, high: str) -> str:
    """An interval in words, where its value is what all seeds gave: how far off others may be, and no spread.

    >>> bound("100%", "68%", "100%"), bound("0%", "0%", "32%"), bound("67%", "60%", "70%")
    ('at least 68%', 'at most 32%', '60% to 70%')
    """
    return f"at least {low}" if value == high else f"at most {high}" if value == low else f"{low} to {high}"


def rate(hits: ArrayLike, digits: int = 0) -> str:
    """How many of `hits` are true, in per cent, with Wilson's 95% interval for independent trials.

    >>> rate([True, True, True, False])
    '75% (30% to 95%)'
    """
    return percent_interval(*metrics.rate_interval(int(np.sum(hits)), np.size(hits)), digits)


def count(seeds: ArrayLike, digits: int = 1) -> str:
    """The mean of counts over seeds with the exact 95% interval of a Poisson rate.

    >>> count([0, 0, 0])
    '0.0 (0.0 to 1.2)'
    """
    return interval(*metrics.count_interval(np.asarray(seeds, float)), digits)


def a_seed(seeds: ArrayLike, digits: int = 1) -> str:
    """The same for the running text.

    >>> a_seed([2, 1, 3]), a_seed([0, 0, 0])
    ('2.0 (0.7 to 4.4) a seed', 'not one, in any seed')
    """
    return f"{count(seeds, digits)} a seed" if np.any(seeds) else "not one, in any seed"


def median(values: ArrayLike, digits: int = 2, middle: float = 0.9) -> str:
    """The median and where the middle 90% (or another share) lie; with `middle=1` their whole range.

    >>> median([1, 2, 3, 4, 10], digits=0, middle=1)
    '3 (1 to 10)'
    """
    return interval(*np.quantile(values, (0.5, 0.5 - middle / 2, 0.5 + middle / 2)), digits)


def span(values: ArrayLike, digits: int = 2) -> str:
    """From the smallest to the largest, or the one number that both are as printed.

    >>> span([3, 4, 5], 0), span([3, 3], 0)
    ('3 to 5', '3')
    """
    low, high = number(np.min(values), digits), number(np.max(values), digits)
    return low if low == high else f"{low} to {high}"


def by_seed(shares: ArrayLike, digits: int = 1) -> str:
    """A mean share with the least and the largest of the seeds, in per cent.

    >>> by_seed([0.98, 0.99])
    '98.5% (by seed 98.0% to 99.0%)'
    """
    values = np.asarray(shares, float)
    return "{} (by seed {} to {})".format(*(percent(x, digits) for x in (values.mean(), values.min(), values.max())))


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


def link(words: str, address: str) -> Markdown:
    """A link, for an inline expression: what is only a string is printed as it stands.

    >>> link("L0N2", "page.html#L0N2").data
    '[L0N2](page.html#L0N2)'
    """
    return Markdown(f"[{markdown(words)}]({address})")


def attribute(text: str) -> str:
    """`text` for HTML, as content or between double quotes, inside a fenced raw block."""
    return html.escape(visible(text)).replace("`", "&#96;")


def script_json(value: Any) -> str:
    """`value` as JSON that can neither end the script element nor the fence around it."""
    encoded = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    for character in "<>&`":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return encoded
