"""What the write-up says about its transformer that adds, each statement with the check that measures it: a module a chapter."""
