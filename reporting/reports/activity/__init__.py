"""What was handed out: who asked for which file, when, and what was withheld."""
