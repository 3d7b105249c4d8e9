"""Programs that the benchmark runs as child processes: one measurement each, then the end.

Each takes a JSON file with what to do and writes a JSON file with what came out.
"""
