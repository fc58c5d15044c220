"""Made-up findings for the claims on toy autoencoders, with the verdict that each should have, by hand."""

ROWS = {}
