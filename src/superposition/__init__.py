"""Superposition, Measured: what each experiment computes, and every number and picture of the book."""
