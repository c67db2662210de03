"""Routes that feeders post to, one file a family of formats."""
