"""What holds exactly: models that are written down instead of trained."""
