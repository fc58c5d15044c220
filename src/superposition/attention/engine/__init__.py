"""The sequences with their rules, and stacks of one-layer models of attention heads that learn them."""
