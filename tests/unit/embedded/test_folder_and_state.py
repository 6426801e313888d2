from __future__ import annotations

import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from app.embedded import account as accounts
from app.embedded.account import Account, may_enter
from app.embedded.errors import DataFolderError, EmbeddedError, PortTakenError
from app.embedded.home import Home, default_home, make_folder
from app.embedded.ports import any_free, holder, is_free, take
from app.embedded.processes import ProcessIdentity
from app.embedded.state import Ports, State, load_state


def test_the_variable_chooses_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECIPROCITY_HOME", str(tmp_path / "here"))
    assert default_home() == tmp_path / "here"


def test_root_keeps_its_data_where_a_service_user_can_reach_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RECIPROCITY_HOME", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    home = default_home()
    assert home.parent == Path("/var/lib/reciprocity")
    assert len(home.name) == 8
    assert int(home.name, 16) >= 0


def test_a_normal_user_keeps_the_data_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECIPROCITY_HOME", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_home().name == ".reciprocity"
    assert (default_home().parent / "pyproject.toml").is_file()


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_folder(tmp_path / "a/b", 0o711)
    make_folder(tmp_path, 0o755)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o711


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(DataFolderError, match="is a file, and a folder is needed there"):
        make_folder(tmp_path / "home", 0o700)


def test_a_secret_stays_the_same_and_belongs_to_its_folder(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    one.root.mkdir()
    other.root.mkdir()
    assert one.secret("redis") == Home(one.root).secret("redis")
    assert len({one.secret("redis"), one.secret("ai_superuser"), other.secret("redis")}) == 3


def test_data_of_another_user_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(DataFolderError, match=r"Run the command as .* or with sudo"):
        accounts.choose_account([tmp_path], lambda _line: None)


def test_who_may_enter_a_folder_follows_its_mode(tmp_path: Path) -> None:
    status = tmp_path.stat()
    stranger = Account("stranger", status.st_uid + 1, status.st_gid + 1)
    colleague = Account("colleague", status.st_uid + 1, status.st_gid)
    for mode, answers in ((0o700, [False, False]), (0o710, [False, True]), (0o701, [True, False])):
        tmp_path.chmod(mode)
        assert [may_enter(tmp_path, stranger), may_enter(tmp_path, colleague)] == answers
    tmp_path.chmod(0o700)


def test_two_commands_take_turns(tmp_path: Path) -> None:
    order: list[str] = []
    entered = threading.Event()

    def first() -> None:
        with Home(tmp_path / "home").locked():
            entered.set()
            time.sleep(0.2)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait(5)
    with Home(tmp_path / "home").locked():
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def _unsaid(_line: str) -> None:
    pass


def test_of_many_that_take_one_port_at_once_each_has_another() -> None:
    port, begin = any_free(), threading.Barrier(8)

    def take_it(_number: int) -> socket.socket:
        begin.wait(10)
        return take("the API", port, address="127.0.0.1", any_port=True, say=_unsaid)

    with ThreadPoolExecutor(8) as pool, ExitStack() as held:
        taken = [held.enter_context(one) for one in pool.map(take_it, range(8))]
        found = [one.getsockname()[1] for one in taken]
    assert len(set(found)) == 8


def test_a_port_that_was_taken_is_somebody_elses_until_it_is_let_go_of() -> None:
    port = any_free()
    this_one = partial(take, "the API", port, address="127.0.0.1", any_port=False, say=_unsaid)
    told = rf"Port {port}, where the API should listen, is taken"
    with this_one(), pytest.raises(PortTakenError, match=told):
        this_one()
    this_one().close()


def test_a_port_whose_other_family_is_somebody_elses_is_taken_or_told_and_not_tried_for_ever() -> (
    None
):
    with socket.socket() as other:
        other.bind(("127.0.0.2", 0))
        other.listen()
        port = other.getsockname()[1]
        with take("the API", port, address="::", any_port=True, say=_unsaid) as ours:
            assert ours.getsockname()[1] > 0


def test_the_state_survives_being_written(tmp_path: Path) -> None:
    state = State(
        listen="127.0.0.1",
        ports=Ports(1, 2, 3, 4),
        phase="ready",
        supervisor=ProcessIdentity(5, "then"),
        processes={"ai": ProcessIdentity(6, "later")},
    )
    state.save(tmp_path / "state.json")
    assert load_state(tmp_path / "state.json") == state
    assert load_state(tmp_path / "none.json") == State()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"ports": 1}'])
def test_a_state_that_cannot_be_understood_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="ascii")
    with pytest.raises(DataFolderError, match="Remove it"):
        load_state(path)


def test_the_state_of_another_user_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    class Closed(type(tmp_path)):  # type: ignore[misc] # root could read any real file
        def read_text(self, *_args: object, **_kwargs: object) -> str:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(DataFolderError, match=r"belongs to another user.*sudo"):
        load_state(Closed(tmp_path / "state.json"))


def test_a_listener_is_seen_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        described = holder(port)
    assert described is not None
    assert described.startswith("process ")
    assert f"working in {Path.cwd()}" in described
    assert is_free(port)
    assert holder(port) is None


def test_a_listener_on_the_ipv6_side_counts_because_localhost_means_it_first() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    with server:
        assert not is_free(server.getsockname()[1])


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(EmbeddedError, match=r"Nothing can listen on 192\.0\.2\.1"):
        is_free(any_free(), "192.0.2.1")
