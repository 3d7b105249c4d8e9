"""Building blocks of transformers, written so that they convert to graphs that LiteRT runs fast.

Their names and arguments are those of the AI Edge Torch Generative API.
"""
