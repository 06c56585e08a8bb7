"""Imports: cards of a kind made from the rows of a table."""
