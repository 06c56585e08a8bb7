"""What `make` does where that takes more than a line.

Run from the repository's root: ``python -m scripts.NAME``.
"""
