"""What is said of bottlenecks and of the measures, each statement with the check that decides it. One module a chapter."""
