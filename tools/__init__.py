"""The command line of litewright, and the checks that hold its own code."""
