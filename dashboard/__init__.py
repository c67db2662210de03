"""A live dashboard server.

The rooms, in reading order; each imports only from those named before it:

    domain     values and rules: series, selectors, documents, boards, freshness, partitions, nodes, errors
    settings   every setting, in one table; runtime: the owner of every task
    protocol   the WebSocket language: RFC 6455 frames, messages, one client's session; no I/O
    ingest     bytes that feeders send -> samples and documents; no I/O
    journal    the one order of all that was accepted: the port and its engines
    replica    the state that the journal's entries build; no I/O, no clock
    hub        views (what one screen needs), their frames, and the connections that get them
    services   one use case a file: accept samples, accept a document, find a board, keep the replicas, know the nodes
    feeders    what brings data in by itself: this machine, this server, the file of sources
    web        Tornado handlers, thin
    app        the composition root: the only file that names engines; worker: what it has of its supervisor
    supervisor the parent of several workers
    cli        serve, reload, check; push, tail, run, import
    client     the Python client, for other programs: standard library only, imports nothing of the rest
"""

__version__ = "0.1.0"
