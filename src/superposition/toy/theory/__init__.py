"""What holds exactly: expected losses, and constructions with their bounds."""
