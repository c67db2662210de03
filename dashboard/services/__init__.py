"""One use case a file: what the program does for a feeder or a screen, whoever asks."""
