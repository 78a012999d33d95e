"""Where models come from, whether they are there, and which are loaded in this process."""
