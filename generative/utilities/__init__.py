"""What a re-authored model needs beside its layers."""
