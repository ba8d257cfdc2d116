"""The writer process: PostGIS in, files out. It imports no Django, so that it starts fast and fails alone.

See docs/adr/0004-writer-process.md for why native code runs in a process of its own.
"""
