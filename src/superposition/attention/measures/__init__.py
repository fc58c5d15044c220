"""What is read off a model of attention heads."""
