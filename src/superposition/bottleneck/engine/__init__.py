"""What is trained and how: bottlenecks, their data, and the dictionaries that take features out again."""
