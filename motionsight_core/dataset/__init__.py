"""From rows to a data set: what is chosen, how it is split, and the files that leave."""
