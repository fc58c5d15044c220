"""The transformer that sees the digits before its own, trained until it gets whole sums right: more sums, a higher rate.
With the digit just below in sight a carry is a matter of one column: it is there where that digit is less than its two add up to."""

from superposition.addition import autoregressive

Config, SCHEMA, run = autoregressive.Config, autoregressive.SCHEMA, autoregressive.run
