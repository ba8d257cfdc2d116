"""``make mutants``: whether the tests of the core notice when its code is wrong."""
