"""A neighborhood's stock, sales, values and equity."""
