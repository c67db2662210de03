import pytest

from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess


def test_a_posted_value_arrives_on_a_socket(server: ServerProcess) -> None:
    with RawSocket(server.port) as viewer:
        assert viewer.read_json()["type"] == "welcome"
        viewer.send_json(type="watch", id=1, selectors=["orders"])
        snapshot = viewer.read_json()
        assert snapshot["type"] == "snapshot"
        assert snapshot["id"] == 1
        server.post("orders", 3)
        frame = viewer.read_json("frame")
        assert frame["points"][0][2] == [3.0]


@pytest.mark.gen_test
async def test_pytest_tornado_runs() -> None:
    assert True
