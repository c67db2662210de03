"""Live dashboard server.

Packages and modules in reading order; each imports only from those above it (``setup.cfg`` has the exact layers):

    domain        values and rules: series, selectors, documents, boards, freshness, partitions, nodes, errors; no I/O
    settings      every setting, in one table
    runtime       the owner of all tasks
    worker        a worker's link to its supervisor
    rfc6455       WebSocket frames, compression and close codes; no I/O
    messages      the messages of /ws and one client's protocol session; no I/O
    ingest        parsers of the feeders' formats: bytes -> samples, documents, events; no I/O
    entries       payloads of the journal and their bytes; no I/O
    journal       the shared order of all accepted data: the port and its engines
    replica       the state that the journal's entries build; no I/O, no clock
    query         reads of the replica: matching, windows, listings; no I/O
    replication   replicas that follow the journal's partitions
    hub           connections, views and their frames
    store         SQL tables that outlive the journal: users, rooms, messages, audit
    accounts      users, tokens, sessions, policies
    cluster       membership, the signal bus, shared limits, vital numbers
    presence      users connected to any process, and notices of changes
    boards        boards from files, and the views of their widgets
    conversation  rooms, messages, notifications, webhooks
    intake        acceptance of samples, documents and events: limits, times, statistics
    feeders       built-in sources: this machine, this server, the file of sources
    web           Tornado handlers, by area
    app           the composition root: builds, starts and stops all parts; the only package that imports the engines
    supervisor    the parent process of several workers
    cli           the commands: serve, reload, check, push, tail, run, import
    client        the Python client for other programs: standard library only, imports nothing else of this package
"""

__version__ = "0.1.0"
