"""What is trained and how: bottlenecks, and their data."""
