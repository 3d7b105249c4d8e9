"""One conversion as one HTML page: what every stage, pass and module became, and where bytes and time went.

`Recorder` looks on while passes run, `facts.py` and `layers.py` look at the result, `page.py` writes what
they found into the page whose script and style lie in `page/`.
"""
