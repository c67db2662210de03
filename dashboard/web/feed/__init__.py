"""Routes that feeders post to, one module for each family of formats."""
