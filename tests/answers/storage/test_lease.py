import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from answer_examples import finish, start_process

from def_sim.answers.storage.lease import STALE_AFTER_S, Lease, find_stale, find_starting
from def_sim.answers.storage.pulse import Pulse
from def_sim.errors import RunInUseError, StoreError
from def_sim.holder import Holder

ELSEWHERE = replace(Holder.this_process(), host="gpu02.cluster", machine="00000000", pid=4711, token="beef")

HOLD_A_LEASE = """
from def_sim.answers.storage.lease import Lease
lease = Lease(folder / "shard-00-of-01.lease")
while time.time() < float(sys.argv[2]): pass  # all start at the same moment
try:
    lease.acquire()
    print("held", flush=True)
except DefSimError as error:
    print(type(error).__name__, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shard-00-of-01.lease"


def silence(path: Path, seconds: float) -> None:
    """Sets the heartbeat of whoever holds the lease into the past."""
    [mark] = path.iterdir()
    past = time.time() - seconds
    os.utime(mark, (past, past))


def test_a_lease_is_held_until_it_is_given_back(path: Path) -> None:
    first, second = Lease(path), Lease(path)
    first.acquire()
    with pytest.raises(RunInUseError):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
    assert list(path.parent.iterdir()) == []


def test_who_is_refused_learns_who_holds_it_since_when_and_what_to_do(path: Path) -> None:
    me = replace(Holder.this_process(), since=1_800_000_000)  # 2027-01-15 08:00:00 UTC
    Lease(path, me=me).acquire()
    with pytest.raises(RunInUseError) as caught:
        Lease(path).acquire()
    assert "shard-00-of-01.jsonl is being written by" in caught.value.message
    assert f"process {os.getpid()} on {me.host} (since 2027-01-15 08:00:00 UTC)" in caught.value.message
    assert f"kill {os.getpid()}" in caught.value.fix


def test_a_holder_survives_its_file_name() -> None:
    holder = replace(ELSEWHERE, host="odd, name/with % signs")
    assert Holder.from_file_name(holder.file_name) == holder
    assert "/" not in holder.file_name
    assert Holder.from_file_name(".nfs0000001") is None
    assert Holder.from_file_name("a,b,c,d,e,f") is None


@pytest.mark.parametrize(("silence_s", "is_refused"), [(0, True), (100, True), (STALE_AFTER_S + 1, False)])
def test_a_holder_on_another_machine_counts_as_dead_after_two_silent_minutes(
    path: Path, silence_s: float, is_refused: bool
) -> None:
    Lease(path, me=ELSEWHERE).acquire()
    silence(path, silence_s)
    if is_refused:
        with pytest.raises(RunInUseError, match=r"process 4711 on gpu02\.cluster"):
            Lease(path).acquire()
    else:
        Lease(path).acquire()


def test_a_living_holder_on_this_machine_keeps_its_lease_however_silent(path: Path) -> None:
    Lease(path).acquire()
    silence(path, 10_000)
    with pytest.raises(RunInUseError):
        Lease(path).acquire()


def test_a_lease_of_a_process_whose_number_was_reused_is_taken_over(path: Path) -> None:
    # Process 1 lives, but it did not start at the tick the holder did.
    Lease(path, me=replace(Holder.this_process(), pid=1, process_start=999_999_999)).acquire()
    lease = Lease(path)
    lease.acquire()
    lease.renew()


def test_a_sign_of_life_is_the_time_of_the_file_system(path: Path) -> None:
    lease = Lease(path)
    lease.acquire()
    silence(path, 60)
    before = time.time()
    # The clock of a file system ticks more coarsely than the processor's: some milliseconds.
    assert before - 1 <= lease.renew() <= time.time() + 1
    assert find_stale(path.with_name("none.lease"), now=time.time()) is None


def test_who_lost_the_lease_is_told_who_has_it_and_does_not_take_it_away(path: Path) -> None:
    suspended, other = Lease(path, me=ELSEWHERE), Lease(path)
    suspended.acquire()
    silence(path, STALE_AFTER_S + 1)
    other.acquire()
    with pytest.raises(RunInUseError, match=f"taken over by process {os.getpid()}"):
        suspended.renew()
    suspended.release()
    other.renew()


def test_a_lease_that_was_deleted_is_lost(path: Path) -> None:
    lease = Lease(path)
    lease.acquire()
    lease.release()
    with pytest.raises(RunInUseError, match="removed"):
        lease.renew()


def test_a_folder_that_is_no_lease_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("def_sim.answers.storage.lease._ATTEMPTS", 2)
    (path / "folder").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"shard-00-of-01\.lease is not a lease"):
        Lease(path).acquire()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]  # nothing was left behind


@pytest.mark.parametrize("name", ["something", "gpu02,00000000,,1,2,beef", "h,m,x,y,z,t"])
def test_a_lease_with_an_unreadable_holder_is_judged_by_its_last_sign_of_life(path: Path, name: str) -> None:
    path.mkdir()
    (path / name).touch()
    with pytest.raises(RunInUseError, match="an unknown process"):
        Lease(path).acquire()
    silence(path, STALE_AFTER_S + 1)
    Lease(path).acquire()
    assert [Holder.from_file_name(mark.name) is not None for mark in path.iterdir()] == [True]


@pytest.mark.parametrize("field", ["pid", "process_start", "since"])
@pytest.mark.parametrize("value", [0, 10**30])
def test_absurd_numbers_of_a_holder_are_no_traceback_and_no_life(path: Path, field: str, value: int) -> None:
    there, here = (replace(holder, **{field: value}) for holder in (ELSEWHERE, Holder.this_process()))
    Lease(path, me=there).acquire()
    with pytest.raises(RunInUseError, match=r"on gpu02\.cluster"):
        Lease(path).acquire()
    silence(path, STALE_AFTER_S + 1)
    Lease(path).acquire()
    assert here.is_running() is not (field == "pid" or (field, value) == ("process_start", 10**30))


def test_a_sign_of_life_of_the_future_is_counted_from_now(path: Path) -> None:
    Lease(path, me=ELSEWHERE).acquire()
    silence(path, -10 * 24 * 3600)  # the clock of the other node is ten days ahead
    with pytest.raises(RunInUseError, match="of the future") as caught:
        Lease(path).acquire()
    assert "in 120 s" in caught.value.fix
    [mark] = path.iterdir()
    assert abs(mark.stat().st_mtime - time.time()) < 100
    silence(path, STALE_AFTER_S + 1)  # so long after that look
    Lease(path).acquire()


HOUR_S = 3600


def test_a_living_holder_whose_clock_is_an_hour_ahead_is_never_taken_over(path: Path) -> None:
    """Each look gives its mark the present time, each sign of life that of its own clock again."""
    Lease(path, me=ELSEWHERE).acquire()
    for _ in range(3):
        silence(path, -HOUR_S)
        with pytest.raises(RunInUseError, match="of the future"):
            Lease(path).acquire()


def test_a_living_holder_whose_clock_is_an_hour_behind_is_heard_before_it_is_taken_over(path: Path) -> None:
    """By the times on the file system it has been silent for an hour, yet they change."""
    Lease(path, me=ELSEWHERE).acquire()
    silence(path, HOUR_S)
    beats = iter(range(1, 100))

    def beat() -> None:
        with suppress(FileNotFoundError, ValueError):  # taken over, which the refusal below would lack
            silence(path, HOUR_S - next(beats))

    pulse = Pulse(beat, every_s=0.2)
    try:
        with pytest.raises(RunInUseError, match=r"gave a sign of life while this one looked"):
            Lease(path).acquire()
    finally:
        pulse.stop()
    [mark] = path.iterdir()
    assert mark.name == ELSEWHERE.file_name


def test_a_dead_holder_whose_clock_was_an_hour_behind_is_taken_over(path: Path) -> None:
    Lease(path, me=ELSEWHERE).acquire()
    silence(path, HOUR_S)
    Lease(path).acquire()


def test_a_lease_can_be_taken_from_whoever_holds_it_and_the_refusal_says_at_what_risk(path: Path) -> None:
    other = Lease(path, me=ELSEWHERE)
    other.acquire()
    with pytest.raises(RunInUseError) as caught:
        Lease(path).acquire()
    assert "lease.take_over=true" in caught.value.fix
    assert "asked, and paid, twice" in caught.value.fix
    mine = Lease(path)
    mine.acquire(take_over=True)
    mine.renew()
    with pytest.raises(RunInUseError, match="taken over by"):
        other.renew()


def test_who_is_at_work_in_a_folder_is_found_as_long_as_he_may_live(path: Path) -> None:
    assert find_starting(path.parent) is None
    Lease(path, me=ELSEWHERE).acquire()
    assert find_starting(path.parent) == ELSEWHERE
    silence(path, STALE_AFTER_S + 1)
    assert find_starting(path.parent) is None


def test_the_lease_of_a_killed_process_is_free_at_once(path: Path) -> None:
    process = start_process(HOLD_A_LEASE, path.parent, 0)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RunInUseError, match=f"process {process.pid}"):
        Lease(path).acquire()
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, but a zombie still
    Lease(path).acquire()
    finish(process)


@pytest.mark.parametrize("is_stale", [True, False])
def test_of_several_processes_that_want_a_lease_at_once_exactly_one_gets_it(
    path: Path, is_stale: bool
) -> None:
    if is_stale:
        Lease(path, me=ELSEWHERE).acquire()
        silence(path, STALE_AFTER_S + 1)
    processes = [start_process(HOLD_A_LEASE, path.parent, time.time() + 0.5) for _ in range(5)]
    said = sorted(process.stdout.readline() for process in processes)
    assert said == ["RunInUseError\n"] * 4 + ["held\n"]
    assert len(list(path.iterdir())) == 1
    for process in processes:
        finish(process)
