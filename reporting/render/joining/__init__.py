"""Tagged PDFs of the typesetter as one, with their pages, bookmarks and structure, in memory that does not grow.

Libraries that join PDFs drop the structure that screen readers need, or hold all of it: a roll has ten elements a
row. So objects are copied one after the other with their numbers moved (ISO 32000-1, 7.3.10), and the roots of the
page, bookmark and structure trees are made anew (7.7.3, 12.3.3, 14.7). ADR 0010 says why.
"""
