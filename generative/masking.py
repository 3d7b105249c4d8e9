"""What a mask of attention holds where nothing may be seen."""

MASKED = -0.7 * 3.4028234663852886e38
"""Added to a score: -0.7 times the largest float32, the number that LiteRT-LM writes; finite, so that a row that sees
nothing has no NaN."""
