"""Programs for those who work on the project: serve, test, check, bench, build."""
