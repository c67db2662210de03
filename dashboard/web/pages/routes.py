"""Routes of the pages and of the data that they read."""

from __future__ import annotations

from pathlib import Path

from dashboard.web.pages import pages
from dashboard.web.pages.api import SeriesHandler, SeriesServices
from dashboard.web.pages.feeders import FeedersHandler, FeedersServices
from dashboard.web.pages.pages import PageServices
from dashboard.web.pages.static_files import StaticHandler, StaticServices
from dashboard.web.server.compression import CompressedFiles
from dashboard.web.server.route import AnyRoute, Route


def page_routes(
    services: PageServices, series: SeriesServices, feeders: FeedersServices, static: Path
) -> list[AnyRoute]:
    """Return the routes; ``static`` is the folder of the browser's files."""
    return [
        Route("/", pages.HomePage, services),
        Route("/boards", pages.BoardsPage, services),
        Route("/boards/{board}", pages.BoardPage, services),
        Route("/boards/{board}/edit", pages.EditorPage, services),
        Route("/board", pages.ChosenPage, services),
        Route("/explore", pages.ExplorePage, services),
        Route("/feeders", pages.FeedersPage, services),
        Route("/login", pages.LoginPage, services),
        Route("/profile", pages.ProfilePage, services),
        Route("/admin", pages.AdminPage, services),
        Route("/first-admin", pages.FirstAdminPage, services),
        Route("/favicon.ico", pages.FaviconHandler, static / "favicon.svg"),
        Route("/static/{build}/{path}", StaticHandler, StaticServices(static, CompressedFiles())),
        Route("/api/v1/series", SeriesHandler, series),
        Route("/api/v1/feeders", FeedersHandler, feeders),
    ]
