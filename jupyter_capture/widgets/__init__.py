"""Widgets: one panel a file. Importing this package imports none of them."""
