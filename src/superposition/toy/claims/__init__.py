"""What the paper and its replications say about toy autoencoders, each with the check that decides it.
One module a chapter; thresholds are in `tolerance`, and an interval is over seeds, 95%."""
