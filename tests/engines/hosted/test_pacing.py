"""The pace grows while a provider bears it, halves when it does not, and loses no turn."""

import asyncio

from waiting import HANG_S

from def_sim.engines.hosted.pacing import Pace


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_before_the_first_refusal_each_round_that_went_well_doubles_the_pace() -> None:
    pace = Pace(64)
    assert pace.limit == 8
    for _ in range(8):
        pace.went_well()
    assert pace.limit == 16


def test_a_refusal_halves_the_pace_and_then_each_round_adds_one() -> None:
    pace = Pace(64)
    for _ in range(8):
        pace.went_well()
    pace.was_refused()
    assert pace.limit == 8
    # 1/8 + 1/8.125 + ... is just below 1 after eight, above it after nine.
    for _ in range(9):
        pace.went_well()
    assert pace.limit == 9


def test_refusals_of_one_moment_count_once() -> None:
    clock = Clock()
    pace = Pace(64, clock=clock)
    for _ in range(5):
        pace.was_refused()
    assert pace.limit == 4
    clock.now += 1.1
    pace.was_refused()
    assert pace.limit == 2


def test_the_pace_stays_between_one_and_the_bound() -> None:
    clock = Clock()
    pace = Pace(3, clock=clock)
    for _ in range(100):
        pace.went_well()
    assert pace.limit == 3
    for _ in range(20):
        clock.now += 2
        pace.was_refused()
    assert pace.limit == 1


def test_turns_are_given_in_the_order_of_asking_and_never_more_than_the_limit() -> None:
    async def run() -> tuple[list[int], int]:
        pace, order, held, most = Pace(3), [], 0, 0

        async def one(number: int) -> None:
            nonlocal held, most
            async with pace.turn():
                order.append(number)
                held += 1
                most = max(most, held)
                await asyncio.sleep(0)
                held -= 1

        await asyncio.gather(*map(one, range(20)))
        return order, most

    order, most = asyncio.run(run())
    assert order == list(range(20))
    assert most == 3


def test_one_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    async def run() -> bool:
        pace = Pace(1)
        async with pace.turn():
            waiting = [asyncio.create_task(_take(pace)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        # The turn is handed to the second, who gives up in the same moment.
        waiting[1].cancel()
        return await asyncio.wait_for(waiting[2], timeout=HANG_S)

    assert asyncio.run(run())


async def _take(pace: Pace) -> bool:
    async with pace.turn():
        return True


def test_nobody_starts_before_the_time_that_the_provider_names() -> None:
    async def run() -> float:
        pace = Pace(4)
        pace.was_refused(pause_s=0.05)
        begun = asyncio.get_running_loop().time()
        await _take(pace)
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(run()) >= 0.04
