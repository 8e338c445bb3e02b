"""A host of a SIM7080 with pyserial: files of every byte value down and up, byte-exact."""

import sys
import time

import serial

from modem import Modem

ALL = bytes((n + n // 256) % 256 for n in range(100_000))
SERVER = [
    "ATE0",
    "AT+CNACT=0,1",
    "AT+FTPCID=0",
    'AT+FTPSERV="ftp.example.com"',
    'AT+FTPUN="simcomtest"',
    'AT+FTPPW="simcomtest"',
    "AT+FTPTYPE=I",
]


class Host:
    def __init__(self, path):
        self.port = serial.Serial(path, 115200, timeout=30)
        self.port.reset_input_buffer()

    def line(self):
        """The next line that is not empty, without its end."""
        while True:
            line = self.port.readline()
            assert line.endswith(b"\n"), f"the modem is silent after {line!r}"
            if line.strip():
                return line.strip().decode("ascii")

    def until(self, wanted):
        """Reads on until a line begins so."""
        while True:
            line = self.line()
            assert "ERROR" not in line, line
            if line.startswith(wanted):
                return line

    def ask(self, command):
        self.port.write(command.encode() + b"\r")
        return self.until("OK")

    def download(self, name):
        self.ask(f'AT+FTPGETNAME="{name}"')
        self.ask('AT+FTPGETPATH="/"')
        self.ask("AT+FTPGET=1")
        data = bytearray()
        while True:
            line = self.until("+FTPGET: 1,")
            if line != "+FTPGET: 1,1":
                assert line == "+FTPGET: 1,0", line
                return bytes(data)
            while count := self.chunk(data):
                if count < 0:
                    return bytes(data)

    def chunk(self, data):
        """One `AT+FTPGET=2`: how much there was, or -1 where the file ended with it."""
        self.port.write(b"AT+FTPGET=2,1460\r")
        count = int(self.until("+FTPGET: 2,").split(",")[1])
        data += self.port.read(count)
        self.until("OK")
        if len(data) >= len(ALL):
            self.until("+FTPGET: 1,0")
            return -1
        return count

    def upload(self, name, data):
        self.ask(f'AT+FTPPUTNAME="{name}"')
        self.ask('AT+FTPPUTPATH="/"')
        self.ask("AT+FTPPUT=1")
        sent = 0
        while True:
            line = self.until("+FTPPUT: 1,")
            if line == "+FTPPUT: 1,0":
                return
            _, _, window = line.split(",")
            part = data[sent : sent + int(window)]
            self.port.write(f"AT+FTPPUT=2,{len(part)}\r".encode())
            if part:
                self.until(f"+FTPPUT: 2,{len(part)}")
                self.port.write(part)
                sent += len(part)
            self.until("OK")


def main():
    with Modem() as modem:
        with open(modem.file("all.bin"), "wb") as file:
            file.write(ALL)
        host = Host(modem.ready["link"])
        for command in SERVER:
            host.ask(command)
        began = time.monotonic()
        got = host.download("all.bin")
        assert got == ALL, f"{len(got)} bytes, not those of the file"
        host.upload("up.bin", ALL)
        with open(modem.file("up.bin"), "rb") as file:
            assert file.read() == ALL, "the file on the server differs"
        host.upload("empty.bin", b"")
        with open(modem.file("empty.bin"), "rb") as file:
            assert file.read() == b"", "the empty file is not empty"
        host.port.close()
        print(f"sim7080_ftp: {len(ALL)} bytes each way in {time.monotonic() - began:.1f} s")


sys.exit(main())
