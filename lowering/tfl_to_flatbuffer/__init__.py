"""Tfl programs and .tflite files: the writer and the reader, with the schema between them."""
