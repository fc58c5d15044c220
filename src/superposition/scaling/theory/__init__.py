"""What holds exactly: expected losses in closed form."""
