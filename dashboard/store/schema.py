"""Definitions of the tables, for queries. ``migrations/`` creates the tables; a test compares both.

Times are milliseconds since the epoch. ``revision`` is the number of the change that last touched a row. A reader remembers the
greatest revision that it has seen, and so finds later changes (``store/revisions.py``).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One row: the number of the latest change to users, sessions, tokens, links and rooms.
revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(10), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kept_session", String(40), nullable=False),
    Column("grants", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_login_ms", BigInteger),
    Column("revision", BigInteger, nullable=False, index=True),
)

#: Users of an OpenID provider, and the users that they are here.
identities = Table(
    "identities",
    metadata,
    Column("issuer", String(200), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False),
)

#: Sessions that were ended before they expired.
revoked_sessions = Table(
    "revoked_sessions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    Column("revision", BigInteger, nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("verbs", Text, nullable=False),
    Column("prefixes", Text, nullable=False),
    Column("per_s", Integer, nullable=False),
    Column("max_series", Integer, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("last_used_ms", BigInteger),
    Column("revoked", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

#: Share links, with whether each was revoked.
links = Table(
    "links",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("board", String(100), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

#: Codes that work once: the first administrator's.
codes = Table(
    "codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("purpose", String(40), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)

#: Boards that were private once; ``gone``: the board has been missing since.
private_boards = Table(
    "private_boards",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("gone", Boolean, nullable=False),
)

#: Boards, with the published document; those from files have a row while they have a draft.  ``draft`` empty: there is none.
#: ``draft_seq``: the newest operation; those after ``draft_from`` made the draft.  ``moved_to``: the board has another id now.
boards = Table(
    "boards",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("draft", Text, nullable=False),
    Column("draft_base", String(64), nullable=False),
    Column("draft_seq", BigInteger, nullable=False),
    Column("draft_from", BigInteger, nullable=False),
    Column("draft_by", String(40), nullable=False),
    Column("draft_ms", BigInteger, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_by", String(40), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("deleted_ms", BigInteger),
    Column("moved_to", String(100), nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

#: Published versions of boards.
board_versions = Table(
    "board_versions",
    metadata,
    Column("board_id", String(100), ForeignKey("boards.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("author", String(40), nullable=False),
    Column("t_ms", BigInteger, nullable=False),
    Column("note", String(500), nullable=False),
)

#: Operations on drafts. ``undoes``: the operation that this one takes back, or with ``again`` makes again.
board_operations = Table(
    "board_operations",
    metadata,
    Column("board_id", String(100), ForeignKey("boards.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("author", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("key", String(100), nullable=False),
    Column("t_ms", BigInteger, nullable=False),
    Column("changes", Text, nullable=False),
    Column("undoes", BigInteger, nullable=False),
    Column("again", Boolean, nullable=False),
    UniqueConstraint("board_id", "author", "key"),
)

#: What a user keeps about a board, which may be a file; ``seen_ms`` 0: not seen.
board_marks = Table(
    "board_marks",
    metadata,
    Column("user_id", String(40), ForeignKey("users.id"), primary_key=True),
    Column("board_id", String(100), primary_key=True),
    Column("favourite", Boolean, nullable=False),
    Column("home", Boolean, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)

#: Logins that were tried lately, for the limit on them.
tries = Table(
    "tries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False),
    Column("address", String(60), nullable=False),
    Column("t_ms", BigInteger, nullable=False, index=True),
)

#: ``last_seq``: the newest change in the room's log; ``trimmed_seq``: changes up to this number may have been deleted.
rooms = Table(
    "rooms",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("title", String(200), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("members", Text, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("trimmed_seq", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False, index=True),
    Column("revision", BigInteger, nullable=False, index=True),
)

#: Users of direct rooms and of inboxes.
participants = Table(
    "participants",
    metadata,
    Column("user_id", String(40), primary_key=True),
    Column("room_id", String(120), ForeignKey("rooms.id"), primary_key=True),
)

messages = Table(
    "messages",
    metadata,
    Column("room_id", String(120), ForeignKey("rooms.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("changed_seq", BigInteger, nullable=False),
    Column("author", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("key", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("title", String(200), nullable=False),
    Column("data", Text, nullable=False),
    Column("mentions", Text, nullable=False),
    Column("at_ms", BigInteger),
    Column("t_ms", BigInteger, nullable=False),
    Column("edited_ms", BigInteger),
    Column("deleted", Boolean, nullable=False),
    UniqueConstraint("room_id", "author", "key"),
    Index("ix_messages_room_id_changed_seq", "room_id", "changed_seq", unique=True),
    Index("ix_messages_t_ms", "t_ms"),
)

#: Read marks: how far each user has read each room.
reads = Table(
    "reads",
    metadata,
    Column("user_id", String(40), primary_key=True),
    Column("room_id", String(120), ForeignKey("rooms.id"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

#: Audit log: rows are never changed, and deleted only by age.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("t_ms", BigInteger, nullable=False, index=True),
    Column("actor", String(60), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", String(60), nullable=False),
)

#: Webhooks waiting to be sent.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False, index=True),
)
