"""Passes on FX graphs, a file each. They see ops as the model's code names them, before any is lowered."""
