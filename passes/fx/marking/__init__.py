"""How composites are found on FX, and what is put in their place."""
