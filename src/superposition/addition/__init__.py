"""A one-layer, attention-only transformer that adds numbers, taken apart exactly."""
