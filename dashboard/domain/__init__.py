"""Pure values and rules. Imports no other package of the project, no event loop, no socket, no clock."""
