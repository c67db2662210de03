"""Redis answers badly, in every way: clear errors, nothing lost, nothing doubled, recovery without help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.faults import bad_replies, redis_faults
from tests.faults.scene import Scene
from tests.support.nemesis import runs

Measured = Callable[[Mapping[str, float]], None]

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Run one scene for all tests: each test leaves it as it was."""
    with bad_replies.scene_for(tmp_path_factory.mktemp("bad-replies")) as scene:
        yield scene


def test_a_lost_reply_makes_exactly_one_entry(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.lose_replies(scene, runs(3, 50)))


def test_closed_connections_are_made_again_and_nothing_is_lost(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.close_connections(scene, runs(5, 50)))


def test_readers_whose_output_overflows_have_it_all_afterwards(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.overflow_output(scene))


def test_200_ms_to_redis_is_only_slower(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.delay(scene, runs(2, 20)))


def test_a_black_hole_holds_up_nothing_and_loses_nothing(scene: Scene, measured: Measured) -> None:
    measured(redis_faults.black_hole(scene, runs(4, 20), wait_s=bad_replies.WAIT_S))


def test_out_of_memory_refuses_posts_and_is_over_by_itself(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.out_of_memory(scene))


def test_a_read_only_redis_refuses_posts_and_is_over_by_itself(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.read_only(scene))


def test_too_many_clients_refuse_posts_and_are_over_by_themselves(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.too_many_clients(scene))


def test_a_changed_password_refuses_posts_and_is_over_by_itself(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.wrong_password(scene))


def test_a_redis_that_is_still_loading_is_waited_for(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.loading(scene))


def test_a_connection_that_brings_nothing_any_more_is_noticed_within_10_s(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.starve_readers(scene))


def test_what_is_not_ours_in_our_stream_is_skipped_and_counted(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.litter(scene, runs(3, 30)))


def test_a_worker_that_starts_anew_reads_past_what_is_not_ours(scene: Scene, measured: Measured) -> None:
    measured(bad_replies.start_over_litter(scene))
