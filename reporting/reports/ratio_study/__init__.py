"""The ratio study: level, uniformity and equity of values against sales."""
