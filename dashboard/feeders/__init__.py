"""What brings data in from inside: this machine's numbers, this server's own."""
