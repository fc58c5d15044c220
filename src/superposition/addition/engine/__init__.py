"""What is trained and how: models, their data, the compiled step, the training loop, and what its speed is measured against."""
