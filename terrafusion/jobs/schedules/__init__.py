"""Jobs that are submitted again and again, and the address of their newest result."""
