"""What sets the platform up and starts it. Everything here runs on the standard library alone."""
