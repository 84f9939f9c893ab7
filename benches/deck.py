#!/usr/bin/env python3
"""Measures the deck on a pseudo-terminal: first frame, key to repaint with a million audit rows, idle cost, memory.

Usage: benches/deck.py BINARY [ROWS]     BINARY is a release build with the feature `demo`; the variable DEMO may name
another one that has it, to serve the project.
Needs psql. Prints one line a figure; `docs/performance.md` keeps them with the machine.
"""

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

BINARY = os.path.abspath(sys.argv[1])
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLEAN = {
    "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8",
    "HOME": "/tmp", "SUPADECK_KEYRING": "off", "SUPADECK_CONFIG_DIR": f"/tmp/supadeck-bench-{os.getpid()}",
    "SSH_TTY": "/dev/null",
}


class Deck:
    """The program on a pseudo-terminal of 120 by 40."""

    def __init__(self, variables):
        self.begun = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(BINARY, [BINARY], {**CLEAN, **variables})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, seconds):
        """What comes within so many seconds; returns as soon as something has come."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        try:
            return os.read(self.fd, 1 << 20) if ready else b""
        except OSError:  # The program has ended, and its terminal with it.
            return b""

    def drain(self, quiet):
        """Everything up to a silence of so many seconds."""
        out = b""
        while chunk := self.read(quiet):
            out += chunk
        return out

    def until(self, text, seconds=30):
        out, end = b"", time.perf_counter() + seconds
        while text not in out and time.perf_counter() < end:
            out += self.read(0.2)
        if text not in out:
            raise SystemExit(f"{text!r} never came")
        return out

    def key(self, keys):
        """Milliseconds from writing a key to the first byte of the repaint."""
        begun = time.perf_counter()
        os.write(self.fd, keys)
        if not self.read(2):
            return None
        took = (time.perf_counter() - begun) * 1e3
        self.drain(0.012)
        return took

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        self.drain(0.3)
        os.waitpid(self.pid, 0)


def first_frame(variables, runs=15):
    times = []
    for _ in range(runs):
        deck = Deck(variables)
        deck.until(b"Home")
        times.append((time.perf_counter() - deck.begun) * 1e3)
        deck.close()
    return times


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def switches(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    return total


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def say(name, text):
    print(f"{name:44} {text}", flush=True)


def fill(db_url):
    sql = f"""
      insert into audit_log (created_at, actor_user_id, actor_type, subject_user_id, action, before_state, after_state)
      select now() - n * interval '1 second', 'a11ce000-0000-4000-8000-000000000001', 'user',
             'a11ce000-0000-4000-8000-000000000001', 'plan_item.update',
             jsonb_build_object('qty', n, 'status', 'planned'), jsonb_build_object('qty', n + 1, 'status', 'planned')
      from generate_series(1, {ROWS}) n; analyze audit_log;"""
    subprocess.run(["psql", db_url, "-qc", sql], check=True, stdout=subprocess.DEVNULL)


def main():
    server = subprocess.Popen([os.environ.get("DEMO", BINARY), "demo", "--serve", "--port", "0"], env=CLEAN, cwd=ROOT, text=True,
                              stdout=subprocess.PIPE)
    variables = {}
    for line in server.stdout:
        name, sign, value = line.strip().partition("=")
        if line.strip() == "ready":
            break
        if sign and name.startswith("SUPABASE_"):
            variables[name] = value
    try:
        nowhere = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_none"}
        times = first_frame(nowhere)
        say("first frame, ms", f"median {statistics.median(times):.1f}, worst {max(times):.1f} of {len(times)}")
        fill(variables["SUPABASE_DB_URL"])
        deck = Deck({**variables, "SUPABASE_ANON_KEY": variables["SUPABASE_ANON_KEY"]})
        deck.until(b"RLS on")
        deck.drain(0.5)
        os.write(deck.fd, b"i")
        deck.drain(0.3)
        os.write(deck.fd, b"\r")
        deck.drain(0.2)
        os.write(deck.fd, b"auditor@example.com\tweeksmith-demo\r")
        # Only changed cells are written, so no text can be waited for: silence is.
        deck.drain(2.5)
        os.write(deck.fd, b"7")
        deck.drain(1.5)
        times = [took for took in (deck.key(b"j") for _ in range(1500)) if took is not None]
        say(f"key to repaint over {ROWS:,} audit rows, ms",
            f"p50 {percentile(times, .5):.2f}, p99 {percentile(times, .99):.2f}, worst {max(times):.2f} of {len(times)}")
        say("memory after scrolling 1,500 rows, MB", f"{memory_mb(deck.pid):.1f}")
        begun = time.perf_counter()
        os.write(deck.fd, b"G")
        deck.drain(0.8)
        say("to the oldest row and its record, s", f"{time.perf_counter() - begun - 0.8:.2f}")
        for _ in range(300):
            deck.key(b"\x15")
        say("memory after 300 pages, MB", f"{memory_mb(deck.pid):.1f}")
        deck.drain(6)
        before, ticks = switches(deck.pid), cpu_ticks(deck.pid)
        time.sleep(10)
        silence = deck.read(0)
        say("idle for 10 s", f"{switches(deck.pid) - before} wake-ups, {cpu_ticks(deck.pid) - ticks} CPU ticks, "
            f"{len(silence)} bytes written")
        deck.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


main()
