"""The program: where it is, its arguments, and a process of it from its ready line to its end."""

from __future__ import annotations

import os
import threading
import time
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence, TypedDict, Union

from ._errors import Error, NotFound, NotStarted

StrPath = Union[str, "os.PathLike[str]"]

PROGRAM = "BADLINE_PROGRAM"
"""The environment variable that names another program than the one that was installed with this package."""

_LONGEST = 80
"""How long the name of the temporary folder may be; that of a Unix socket in it has 108 octets at most."""


class Options(TypedDict, total=False):
    """What a modem is started with, all of it optional. Most are options of `badline run`, whose help tells more."""

    scenario: StrPath
    """What is on the network, and what goes wrong: a name from `badline list scenarios`, or a TOML file."""
    scenario_text: str
    """The same as the text of such a file."""
    replay: StrPath
    """A recording, whose modem it is to be (`badline replay`)."""
    seed: int
    """The seed of everything that is drawn."""
    speed: int
    """How many times faster than real time the module's clock runs, 1 to 1000."""
    ports: int
    """Serial ports of the module."""
    pace: bool
    """Whether the byte rate of the ports is limited to their baud rate."""
    files: Mapping[str, Union[bytes, str, "os.PathLike[str]"]]
    """Files on the server: a name, and what is in it. A path has that file copied, a `str` is text."""
    root: StrPath
    """The folder that the FTP server serves; a temporary one where it is not given."""
    users: Mapping[str, str]
    """Logins of the FTP server, each with its password; without any, every login is accepted."""
    ftp_listen: str
    """Where the FTP server listens."""
    link: StrPath
    """A symbolic link to the first port."""
    tcp: str
    """Where the first port is served raw over TCP as well."""
    http: str
    """Where a page is served that shows and steers the run."""
    control: str
    """Where requests are taken as well."""
    state: StrPath
    """The folder that keeps what the module stores in its flash, for the next run."""
    trace: StrPath
    """The file to which all that happens is written, as JSON Lines."""
    pcap: StrPath
    """The file to which what crosses network and serial line is written, for Wireshark."""
    verbose: int
    """1 has `log` tell what happens, 2 the bytes, too."""
    arguments: Sequence[str]
    """More arguments of `badline run`, as they are."""
    env: Mapping[str, str]
    """The environment of the program, in the place of this process's own."""
    program: StrPath
    """Another program than the one that was installed with this package."""
    ready_within: float
    """How many seconds it may take to be ready; 10 where it is not given."""


_VALUES = ("scenario", "seed", "speed", "ports", "ftp_listen", "link", "tcp", "http", "control", "state", "trace", "pcap")


def find() -> str:
    """The path of the program `badline`: the one that was installed with this package, else the first in `PATH`.

    The environment variable `BADLINE_PROGRAM` names another.
    """
    named = os.environ.get(PROGRAM)
    if named:
        return named
    import sysconfig

    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    # `pip install --target`.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for folder in [*folders, *os.environ.get("PATH", os.defpath).split(os.pathsep)]:
        program = os.path.join(folder, "badline")
        if os.path.isfile(program) and os.access(program, os.X_OK):
            return program
    raise NotFound(
        "the program `badline` is neither where this package was installed nor in PATH; "
        f"`pip install badline` brings it, and the environment variable {PROGRAM} names another"
    )


def arguments(profile: Optional[StrPath], options: Options) -> List[str]:
    """The arguments of the program."""
    unknown = sorted(set(options) - set(Options.__annotations__))
    if unknown:
        raise TypeError(f"a modem has no option {unknown[0]!r}; there are {', '.join(Options.__annotations__)}")
    replay = options.get("replay")
    told = ["run"] if replay is None else ["replay", os.fspath(replay)]
    if profile is not None:
        told += ["--profile", os.fspath(profile)]
    given: Mapping[str, Any] = options
    for key in _VALUES:
        if given.get(key) is not None:
            value = given[key]
            told.append(f"--{key.replace('_', '-')}={value if isinstance(value, int) else os.fspath(value)}")
    if options.get("root") is not None:
        told.append(f"--ftp-root={os.fspath(options['root'])}")
    told += [f"--ftp-user={name}:{password}" for name, password in options.get("users", {}).items()]
    told += ["--pace"] if options.get("pace") else []
    told += ["-v"] * int(options.get("verbose", 0))
    return [*told, *options.get("arguments", ())]


class Process:
    """A run of the program, ready to be used.

    It ends with `end`, and with this Python process, whatever becomes of that: the program watches it.
    """

    ready: Dict[str, Any]

    def __init__(self, profile: Optional[StrPath], options: Options) -> None:
        # An import of this package is to cost next to nothing.
        import subprocess
        import tempfile

        told = arguments(profile, options)
        env = dict(options.get("env", os.environ))
        program = os.fspath(options.get("program") or find())
        stdin: Union[int, IO[bytes]] = subprocess.DEVNULL
        if "scenario_text" in options:
            if "scenario" in options:
                raise Error("scenario and scenario_text are both given; one modem has one scenario")
            # A file without a name, so that none is left behind, and that each trace of it is the same.
            stdin = tempfile.TemporaryFile(prefix="badline-scenario-")
            stdin.write(options["scenario_text"].encode())
            stdin.flush()
            told.append("--scenario=/dev/stdin")
        if "control" not in options and not env.get("XDG_RUNTIME_DIR") and len(env.get("TMPDIR", "")) > _LONGEST:
            # No Unix socket has so long a name.
            told.append("--control=127.0.0.1:0")
        # Who forks this process must not end what is ours.
        self.owner = os.getpid()
        self._ending = threading.Lock()
        self._stderr: IO[bytes] = tempfile.TemporaryFile(prefix="badline-stderr-")
        try:
            self._popen = subprocess.Popen(
                [program, *told, "--json", f"--until-exit={self.owner}"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=env,
                # Ctrl-C is for the test, which ends its modem itself.
                start_new_session=True,
            )
            try:
                self.ready = self._first_line(options.get("ready_within", 10.0))
                _put(self.ready["ftp_root"], options.get("files", {}))
            except BaseException:
                self.end()
                raise
        except (FileNotFoundError, PermissionError) as e:
            if e.filename != program:
                raise
            raise NotFound(f"{program}: {e.strerror}") from None
        except OSError as e:
            if e.filename != program:
                raise
            raise NotStarted(f"{program}: {e.strerror}") from None
        finally:
            if not isinstance(stdin, int):
                stdin.close()

    def _first_line(self, patience: float) -> Dict[str, Any]:
        import json
        import select

        pipe, line, deadline = self._popen.stdout, b"", time.monotonic() + patience
        assert pipe is not None
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotStarted(f"the modem was not ready within {patience:g} s\n{self.log()}".rstrip())
            if poll.poll(left * 1000):
                read = os.read(pipe.fileno(), 65536)
                if not read:
                    status = self._popen.wait()
                    said = self.log().strip()
                    said = said[len("badline: ") :] if said.startswith("badline: ") else said
                    raise NotStarted(said or f"the program ended with status {status}, and said nothing", status)
                line += read
        try:
            ready: Dict[str, Any] = json.loads(line)
        except ValueError:
            raise NotStarted(f"this is no ready line of Badline's: {line!r}") from None
        if "control" not in ready:
            raise NotStarted(f"the modem has no control socket\n{self.log()}".rstrip())
        return ready

    @property
    def status(self) -> Optional[int]:
        """How it ended; None while it runs."""
        return self._popen.poll()

    def ended(self, patience: float = 2.0) -> Optional[int]:
        """Waits a while for its end; gives the status."""
        import subprocess

        try:
            return self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def log(self) -> str:
        """What it has said on standard error."""
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode("utf-8", "replace")

    def end(self, patience: float = 5.0) -> None:
        """Ends it, if it has not ended yet."""
        if os.getpid() != self.owner:
            return
        with self._ending:
            if self._popen.poll() is None:
                import subprocess

                self._popen.terminate()
                try:
                    self._popen.wait(patience)
                except subprocess.TimeoutExpired:
                    self._popen.kill()
                    self._popen.wait()
            if self._popen.stdout is not None:
                self._popen.stdout.close()


def _put(root: str, files: Mapping[str, Union[bytes, str, "os.PathLike[str]"]]) -> None:
    """Puts files on the server."""
    for name, content in files.items():
        path = os.path.normpath(os.path.join(root, name.lstrip("/")))
        if not path.startswith(os.path.join(root, "")):
            raise Error(f"the file {name!r} would lie outside of the server's root")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        if not isinstance(content, (bytes, bytearray, memoryview)):
            with open(content, "rb") as source:
                content = source.read()
        with open(path, "wb") as file:
            file.write(content)
