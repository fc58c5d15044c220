"""What is said of attention heads in superposition, each statement with the check that decides it. One module a chapter."""
