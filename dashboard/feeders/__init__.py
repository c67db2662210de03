"""Built-in feeders: this machine's metrics, this server's own metrics, and the sources in the file of sources.

In reading order: sources_file (the file's grammar), sources (which process runs which source), source_state (counters and
refusals), submitter (stores the parsed data); then one module for each kind: scrape, statsd, graphite, mqtt.
"""
