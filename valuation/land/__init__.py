"""What part of a value is the land's, and what says so. Pure; web processes read ``sources`` alone."""
