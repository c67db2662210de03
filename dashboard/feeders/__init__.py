"""What brings data in by itself: this machine's numbers, this server's own, and what the file of sources names.

In reading order: sources_file (its grammar), sources (who runs what), source_state (what is counted), keeper (the way to the
services); then one file a kind: scrape, statsd, graphite, mqtt.
"""
