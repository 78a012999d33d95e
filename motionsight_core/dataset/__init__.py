"""The data engine: what becomes of rows on their way to training data."""
