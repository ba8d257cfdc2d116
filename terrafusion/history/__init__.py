"""Who changed which row, when, from what to what: one line on a model (``track``) and the database records each edit.

django-pghistory writes the rows by triggers, so that no path around Django is missed. Each edit carries the signed-in
user or the command that made it (``who``); loads of whole files are recorded as loads instead (``bulk``).
"""
