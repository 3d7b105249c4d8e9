"""The driver: from modules to a program, and from a program to a file.

It alone in the compiler knows passes and lowerings. `presets.py` says what runs in which order.
"""
