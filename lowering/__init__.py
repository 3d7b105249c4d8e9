"""Lowerings: from each representation to the next."""
