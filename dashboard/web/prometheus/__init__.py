"""HTTP API of Prometheus for reading, under ``/prometheus/api/v1/``."""
