"""The transformer that sees the digits before its own, trained until it gets whole sums right: more sums, a higher rate.
SCHEMA, Config and run are those of `autoregressive`; the config alone differs."""

from superposition.addition import autoregressive

Config, SCHEMA, run = autoregressive.Config, autoregressive.SCHEMA, autoregressive.run
