"""The commands, a file each. At the top of a file stands what `--help` needs: nothing heavy."""
