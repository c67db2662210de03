"""HTTP routes for operators: health, readiness and metrics."""
