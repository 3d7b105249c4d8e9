"""Passes on tfl, a file each."""
