"""What is said of small language models of stories, each statement with the check that decides it. One module a chapter."""

from superposition.stories.claims import attention, clusters, grammar_truth, neuroscope, ordering, overlap, train

__all__ = ["attention", "clusters", "grammar_truth", "neuroscope", "ordering", "overlap", "train"]
