"""What the experiments on stories share: text, grammar, tokenizer, models and their training."""
