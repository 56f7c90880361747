"""Other people: the directory, who may talk to whom, blocks."""
