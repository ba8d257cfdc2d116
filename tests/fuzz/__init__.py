"""The parsers of what a caller sends, given anything: ``make fuzz`` by coverage, ``make test`` by a few examples."""
