"""Jobs over REST: what the endpoints of every job type share."""
