"""Made-up findings for the claims of sparse/measured, with the verdict that each should have, by hand.
A row is (verdict, value, low, high, baseline, also); what follows a value may be left out."""

ROWS = {
    "sparse/measured/1-overlap": [("reproduced", 0.12, 0.11, 0.13, 0.125), ("not reproduced", 0.12, 0.11, 0.124, 0.125)],
}
