"""Notifications on ``/ws``: requests, replies and notices. See docs/protocol.md."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from dashboard.messages.fields import MessageId, PersonalRequest

# --- requests -----------------------------------------------------------------------------------------------------------


class Notifications(PersonalRequest, frozen=True, kw_only=True):
    """Request for the caller's notifications before ``before`` (None: the newest notifications)."""

    before: MessageId | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class NotificationRead(PersonalRequest, frozen=True, kw_only=True):
    """Request to mark the caller's notifications as read up to ``notification_id`` (None: all notifications)."""

    notification_id: MessageId | None = None


# --- replies and notices -------------------------------------------------------------------------------------------------


class NotificationState(Struct, frozen=True, rename="camel"):
    """Notification in a list."""

    notification_id: str
    title: str
    body: str
    data: Raw
    t: int
    read: bool


class NotificationNotice(Struct, tag="notification", frozen=True, rename="camel", omit_defaults=True):
    """New notification for this user. ``unread`` is left out while the store does not answer."""

    notification_id: str
    title: str
    body: str
    data: Raw
    t: int
    unread: int | None = None


class NotificationChanged(
    NotificationNotice, tag="notification_changed", frozen=True, rename="camel", omit_defaults=True
):
    """Notification whose quoted message was edited or deleted, with its present text."""


class NotificationList(Struct, tag="notifications", frozen=True):
    """Notifications, newest first."""

    notifications: list[NotificationState]
    unread: int
    more: bool


class Unread(Struct, tag="notifications_read", frozen=True):
    """Reply to ``notification_read``, sent to all pages of the user."""

    unread: int
