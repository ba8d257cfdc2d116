"""The report types: each a package or module with its parameters, what it reads, and a pure builder of its blocks."""
