"""What is said of small language models of stories, each statement with the check that decides it. One module a chapter."""
