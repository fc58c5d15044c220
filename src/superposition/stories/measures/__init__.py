"""What is read off a trained language model: its activations, and what is known of them."""
