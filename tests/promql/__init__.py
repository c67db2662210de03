"""Expressions against a real Prometheus 3: the samples, the expressions, the judge and its recorded answers."""
