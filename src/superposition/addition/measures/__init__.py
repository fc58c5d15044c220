"""What is read off a trained model."""
