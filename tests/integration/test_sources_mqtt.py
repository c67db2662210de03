"""MQTT, by mosquitto: what is published shows here; a broker that goes is found again; a wrong password is said, not shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.debian_peers import Mosquitto, needs
from tests.support.server import ServerProcess, wait_until
from tests.support.sources import counted, wait_for_value, wait_until_here, write_sources

pytestmark = needs("mosquitto", "mosquitto_pub", "mosquitto_passwd")


@pytest.fixture
def subscribe(tmp_path: Path) -> Iterator[Any]:
    """Starts a server that subscribes to ``home/{room}/{name}``."""
    with ExitStack() as stack:

        def start(broker: Mosquitto, **more: Any) -> ServerProcess:
            mqtt = {"name": "home", "host": "127.0.0.1", "port": broker.port, "topics": ["home/{room}/{name}"], **more}
            flags = ("--no-host-feeder", "--no-server-feeder", "--sources", write_sources(tmp_path, mqtt=[mqtt]))
            server = ServerProcess(tmp_path / "server", *flags).start()
            stack.callback(server.close)
            return server

        yield start


def test_messages_become_series_and_documents_and_every_one_is_accounted_for(subscribe: Any, tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        assert isinstance(broker, Mosquitto)
        broker.publish("home/attic/temperature", "99", "-r")  # retained: nobody knows since when
        server = subscribe(broker)
        wait_until_here(server, "mqtt:home")
        wait_until(lambda: counted(server, "dropped", "mqtt:home", "retained"))
        broker.publish("home/kitchen/temperature", "21.5")
        broker.publish("home/kitchen/sensor", '{"humidity": 40, "door": true, "state": "ok"}')
        broker.publish("home/kitchen/broken", '{"a": ')
        broker.publish("elsewhere/kitchen/temperature", "1")
        wait_for_value(server, 'temperature{room="kitchen"}', 21.5)
        wait_for_value(server, 'sensor_humidity{room="kitchen"}', 40)
        wait_for_value(server, 'sensor_door{room="kitchen"}', 1)
        assert server.json("GET", "/api/v1/documents/sensor_state/room:kitchen") == (200, {"text": "ok"})
        wait_until(lambda: counted(server, "refused", "mqtt:home") == 1)
        assert [counted(server, name, "mqtt:home") for name in ("received", "accepted", "dropped")] == [4, 4, 1]
        assert server.json("GET", "/api/v1/series?match=temperature")[1]["series"][0]["labels"] == {"room": "kitchen"}


def test_a_broker_that_goes_is_found_again(subscribe: Any, tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        assert isinstance(broker, Mosquitto)
        server = subscribe(broker)
        wait_until_here(server, "mqtt:home")
        broker.close()
        wait_until(lambda: counted(server, "failing", "mqtt:home"))
        broker.start()
        wait_until_here(server, "mqtt:home")
        broker.publish("home/hall/light", "1")
        wait_for_value(server, 'light{room="hall"}', 1)
        assert counted(server, "failures", "mqtt:home", "connection") >= 1


def test_a_password_is_needed_and_shown_nowhere(subscribe: Any, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret-wrong")
    with Mosquitto(tmp_path / "broker", "me", "s3cret-right") as broker:
        assert isinstance(broker, Mosquitto)
        server = subscribe(broker, username="me", password_file=str(secret))
        wait_until(lambda: counted(server, "failing", "mqtt:home"))
        assert "ot authorized" in server.log.read_text() or "ot authorised" in server.log.read_text()
        secret.write_text("s3cret-right\n")
        wait_until_here(server, "mqtt:home")
        broker.publish("home/hall/light", "1")
        wait_for_value(server, 'light{room="hall"}', 1)
        assert server.stop() == 0
    assert "s3cret" not in server.log.read_text()
