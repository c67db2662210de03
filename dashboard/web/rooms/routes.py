"""Routes of rooms, messages, notifications and presence."""

from __future__ import annotations

from dashboard.web.rooms import rooms
from dashboard.web.rooms.rooms import RoomServices
from dashboard.web.server.route import AnyRoute, Route


def room_routes(services: RoomServices) -> list[AnyRoute]:
    """Return the routes of rooms, messages, notifications and presence."""
    return [
        Route("/api/v1/rooms", rooms.RoomsHandler, services),
        Route("/api/v1/rooms/{room}", rooms.RoomHandler, services),
        Route("/api/v1/rooms/{room}/messages", rooms.RoomMessagesHandler, services),
        Route("/api/v1/rooms/{room}/export", rooms.RoomExportHandler, services),
        Route("/api/message", rooms.MessageHandler, services),
        Route("/api/v1/notifications", rooms.NotificationsHandler, services),
        Route("/api/v1/presence", rooms.PresenceHandler, services),
    ]
