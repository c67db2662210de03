"""Index of series and documents by their labels, and the matches of selectors. No I/O."""
