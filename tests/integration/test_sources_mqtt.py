"""MQTT by mosquitto: published values show here; a broker that goes away is found again; a wrong password is reported,
not shown."""

from __future__ import annotations

import json
import time
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
    """Start a server that subscribes to ``home/{room}/{name}``."""
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


def test_a_long_message_is_taken_aside_and_one_that_is_too_long_is_refused(subscribe: Any, tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        assert isinstance(broker, Mosquitto)
        server = subscribe(broker)
        wait_until_here(server, "mqtt:home")
        long = tmp_path / "long"
        long.write_text("[" + "1," * (2 << 20) + "1]")
        broker.publish_file("home/kitchen/values", long)
        wait_until(lambda: counted(server, "refused", "mqtt:home") == 1)
        long.write_text(json.dumps({f"n{number}": number for number in range(900)}))
        broker.publish_file("home/kitchen/values", long)
        wait_for_value(server, 'values_n899{room="kitchen"}', 899)
        assert counted(server, "accepted", "mqtt:home") == 900


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


def test_telegrafs_messages_availability_and_topics_beside_the_templates(subscribe: Any, tmp_path: Path) -> None:
    now_s = int(time.time())
    with Mosquitto(tmp_path / "broker") as broker:
        assert isinstance(broker, Mosquitto)
        broker.publish("plug/old", "1", "-r")
        server = subscribe(broker, topics=["plug/{name}", "plug/{name}/availability", "telegraf/{host}/{plugin}"])
        wait_until(lambda: counted(server, "dropped", "mqtt:home", "retained"), 10, "the subscription")
        broker.publish("telegraf/web-1/cpu", f"cpu,host=web-1 idle=97.5 {now_s}000000000")
        broker.publish(
            "telegraf/web-1/mem",
            json.dumps(
                {"metrics": [{"name": "mem", "tags": {"host": "web-1"}, "fields": {"used": 5}, "timestamp": now_s}]}
            ),
        )
        broker.publish("plug/x", '{"state": "ON", "power": 5, "update": null}')
        broker.publish("plug/x/availability", '{"state": "online"}')
        broker.publish("plug/x/set", "OFF")
        broker.publish("plug/x", "")
        wait_for_value(server, 'cpu_idle{host="web-1",plugin="cpu"}', 97.5)
        wait_for_value(server, 'mem_used{host="web-1",plugin="mem"}', 5)
        wait_for_value(server, "x_power", 5)
        wait_until(lambda: counted(server, "dropped", "mqtt:home", "empty"))
        assert server.json("GET", "/api/v1/documents/x_state") == (200, {"text": "ON"})
        assert server.json("GET", "/api/v1/documents/x_availability_state") == (200, {"text": "online"})
        (feeder,) = server.json("GET", "/api/v1/feeders")[1]["feeders"]
        assert feeder["refusals"][0]["snippet"] == "plug/x/set"
        assert "no template covers it" in feeder["refusals"][0]["reason"]
        assert [counted(server, name, "mqtt:home") for name in ("accepted", "refused", "dropped")] == [5, 0, 3]
