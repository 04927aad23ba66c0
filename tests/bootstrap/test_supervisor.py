"""Programs that are kept alive and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import serve, supervisor, web
from bootstrap.console import Stop
from bootstrap.supervisor import Program, Supervisor

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """False for a zombie too: in a container there may be nobody to reap orphans."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def supervised(tmp_path: Path):
    """A supervisor process with one program, which writes its pids to files."""
    script = tmp_path / "supervised.py"
    program = textwrap.dedent(
        f"""
        import os, subprocess, sys, time
        helper = subprocess.Popen(["sleep", "600"])
        with open({str(tmp_path / "children")!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{helper.pid}}\\n")
        time.sleep(600)
        """
    )
    script.write_text(
        textwrap.dedent(
            f"""
            import sys
            sys.path.insert(0, {str(ROOT)!r})
            from bootstrap.supervisor import Program, Supervisor
            with Supervisor() as one, one.children():
                one.start(Program("sleeper", [sys.executable, "-c", {program!r}]))
                sys.exit(one.watch())
            """
        )
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.DEVNULL)
    children = tmp_path / "children"
    assert wait_for(lambda: children.exists() and children.read_text().endswith("\n"))

    def numbers() -> list[int]:
        return [int(number) for number in children.read_text().split()]

    yield parent, numbers
    if parent.poll() is None:
        parent.kill()
    parent.wait()
    for number in numbers():
        if alive(number):
            os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_everything(supervised, number):
    parent, numbers = supervised
    parent.send_signal(number)
    assert parent.wait(120) == 0
    assert not any(alive(child) for child in numbers())


def test_killed_supervisor_leaves_no_program(supervised):
    parent, numbers = supervised
    parent.kill()
    assert wait_for(lambda: not alive(numbers()[0]))


def test_what_installs_ends_with_a_starter_that_was_killed(tmp_path: Path):
    pid, log = tmp_path / "pid", tmp_path / "log"
    installing = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    step = (
        "import sys; from pathlib import Path; from bootstrap.console import run_step; "
        f"run_step('Installing', [sys.executable, '-c', {installing!r}], log=Path({str(log)!r}))"
    )
    starter = subprocess.Popen([sys.executable, "-c", step], stdout=subprocess.DEVNULL)
    assert wait_for(lambda: pid.exists() and bool(pid.read_text()))
    starter.kill()
    starter.wait()
    assert wait_for(lambda: not alive(int(pid.read_text())))


def test_failed_program_is_restarted(supervised):
    parent, numbers = supervised
    os.kill(numbers()[0], signal.SIGKILL)
    assert wait_for(lambda: len(numbers()) == 4)
    assert alive(numbers()[2])
    assert not alive(numbers()[1]), "what the failed program had started is stopped too"
    assert parent.poll() is None


def test_program_that_keeps_failing_is_tried_again_and_the_others_run_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.01)
    # A machine that is slow to start a program does not make its life a sound one.
    monkeypatch.setattr(supervisor, "SOUND_LIFE_S", 3600)
    lives, pid = tmp_path / "lives", tmp_path / "pid"
    stone = f"open({str(lives)!r}, 'a').write('x'); raise SystemExit(7)"
    sleeper = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with Supervisor() as one, one.children():
        one.start(Program("stone", [sys.executable, "-c", stone]))
        one.start(Program("sleeper", [sys.executable, "-c", sleeper]))

        def many_lives() -> bool:
            one.tend()
            return lives.exists() and len(lives.read_text()) > 2 * supervisor.SHORT_LIVES and pid.exists()

        assert wait_for(many_lives)
        assert alive(int(pid.read_text()))
        assert not one.stopping, "it never gives up"
    said = capsys.readouterr().out
    assert "The stone exited with code 7; starting it again in" in said
    assert said.count("stone") == supervisor.SHORT_LIVES, "what goes on for ever is said once"


def test_programs_share_a_listening_socket():
    program = (
        "import os, socket, sys; socket.socket(fileno=int(sys.argv[1])).accept()[0].send(b'%d' % os.getpid())"
    )
    with web.listen("127.0.0.1", 0) as listener, Supervisor() as one, one.children():
        number = listener.fileno()
        one.start(Program("server", [sys.executable, "-c", program, str(number)], files=(number,)))
        seen = set()

        def answered_by_two() -> bool:
            one.tend()
            with socket.create_connection(listener.getsockname(), timeout=120) as caller:
                caller.settimeout(0.05)
                # While the program is started again, the caller waits; nobody is refused.
                while True:
                    one.tend()
                    try:
                        seen.add(caller.recv(100))
                        return len(seen) > 1
                    except TimeoutError:
                        continue

        assert wait_for(answered_by_two)


def test_port_in_use_is_reported_with_an_alternative(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web, "PORT_PATIENCE_S", 0.1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Stop, match=f"--port {port + 1}"):
            web.listen("127.0.0.1", port)
    web.listen("127.0.0.1", port).close()


def test_web_processes_are_programs_of_their_own():
    with web.listen("127.0.0.1", 0) as listener:
        made = web.programs(listener)
        assert len({program.name for program in made}) == web.PROCESSES >= 2
        assert all(program.files == (listener.fileno(),) for program in made)


@pytest.mark.parametrize("words", ["--port 0", "--port 65536", "--port http", "--prot 1"])
def test_impossible_options_are_refused(words: str):
    with pytest.raises(SystemExit) as stopped:
        serve.parse(words.split())
    assert stopped.value.code == 2


def test_hosts_at_which_the_site_answers():
    assert serve.public_hosts("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]
    assert "city.local" in serve.public_hosts("city.local")
    assert socket.gethostname() in serve.public_hosts("0.0.0.0")
