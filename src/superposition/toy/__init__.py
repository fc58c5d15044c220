"""Toy autoencoders: sparse features squeezed through fewer hidden dimensions."""
