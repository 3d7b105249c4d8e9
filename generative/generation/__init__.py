"""Text from a converted language model, on LiteRT alone."""
