"""A modem for the host programs beside this file: `badline run`, from the program in sys.argv[1]."""

import json
import os
import signal
import subprocess
import sys
import tempfile


class Modem:
    """Runs while it is entered; `ready` is the ready line, `root` the folder of the FTP server."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        command = [sys.argv[1], "run", "--json", *self.arguments]
        environment = {**os.environ, "TMPDIR": self.temporary.name}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.root = self.ready["ftp_root"]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        left = os.listdir(self.temporary.name)
        # The folder of control sockets stays, and is empty.
        sockets = f"badline-{os.geteuid()}"
        if sockets in left and not os.listdir(os.path.join(self.temporary.name, sockets)):
            left.remove(sockets)
        self.temporary.cleanup()
        assert status == 0, f"badline ended with {status}"
        assert not left, f"badline left {left}"

    def file(self, name):
        return os.path.join(self.root, name)
