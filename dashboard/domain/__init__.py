"""Pure values and rules. Imports nothing of the project, no loop, no socket, no clock."""
