"""The folder that keeps a server's data: private, locked, watched; its backup and its restore."""
