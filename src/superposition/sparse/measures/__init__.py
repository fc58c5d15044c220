"""What is read off a dictionary beside the features that it should hold."""
