"""What is exact of sparse autoencoders: the least that a dictionary can pay, and the dictionary that pays it."""
