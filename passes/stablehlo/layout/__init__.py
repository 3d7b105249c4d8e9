"""The parts of `AssignLayout`: what ops make of a layout, which one each gets, and their rewriting."""
