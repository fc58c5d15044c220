"""Models with many rare features, and their training."""
