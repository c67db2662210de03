"""A live dashboard server: feeders post numbers, browsers and wall screens show them within a tick.

The packages, in reading order. Each imports only from packages above it (import-linter checks this, see setup.cfg).

    domain        values and rules: series, selectors, documents, boards, freshness, partitions, errors; no I/O
    settings      every setting, in one table; beside it: ``settings_loading``, ``runtime`` (all tasks), ``turns``, ``logs``, ``resources``
    data_folder   the folder of a server's data: private, locked, watched; backup and restore
    listening     the sockets to listen on; beside it: ``node_sockets`` (between processes), ``worker``, ``address_counts``
    rfc6455       WebSocket frames, compression, close codes; no I/O
    ingest        bytes that feeders send -> samples, documents, events; no I/O
    messages      the JSON messages of ``/ws``, by subject, and the protocol state of one client; no I/O
    socketio      Socket.IO: packets, and their translation to the messages of ``/ws``; no I/O
    entries       the payloads of the journal: structs, tags, bytes; no I/O
    journal       one order for everything accepted: the port and its engines
    index         the index of series by labels, and the matches of selectors; no I/O
    replica       the state that the journal's entries build; no I/O, no clock
    query         reading of series: windows, changes since a position, lists; no I/O
    replication   the replicas of this process: restore, follow the journal, store checkpoints
    expressions   PromQL over the replicas: queries, and the expressions that screens show
    hub           the clients of ``/ws``: views, their frames, fan-out, subscriptions, connections
    store         SQL for what must outlive the journal
    accounts      users, tokens, sessions, policies
    cluster       the processes of one installation: membership, the signal bus, ownership, shared rate limits
    presence      which users are connected, and notices of changes
    boards        board files, the views that they need, orders to their screens
    intake        acceptance of what feeders send: limits, time stamps, statistics
    conversation  rooms, messages, notifications
    feeders       built-in feeders: this machine, this server, the file of sources
    web           Tornado handlers by area: server, feed, accounts, boards, rooms, socketio, pages, prometheus, ops
    app           the composition root, the only place that names the journal's engines
    supervisor    the parent of several workers
    client        the Python client for other programs: standard library only, imports none of the other packages
    cli           the commands: serve, check, backup, push, tail, import, user, token, board, …

docs/development.md follows a sample and a message through them.
"""

__version__ = "0.1.0"
