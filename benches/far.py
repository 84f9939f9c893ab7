#!/usr/bin/env python3
"""Measures supadeck beside psql with the database far away.

    benches/far.py BINARY [ROUNDS] [MILLISECONDS]        BINARY: a build with the feature `demo`

A proxy on loopback holds each piece back so that there and back take so many milliseconds, 100 where nothing is said. The time
of a command divided by that is how many round trips it waits for, in all its connections; the farther away, the less the
machine's own work counts: 1000 counts round trips, also of a debug build on a busy machine. Peers are taken where they are there: psql, dbmate and the Supabase CLI
(`supabase`) on PATH. The commands of all tools alternate.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

DELAY = (float(sys.argv[3]) if len(sys.argv) > 3 else 100) / 2000


async def copy(reader, writer):
    """Passes pieces on, each of them DELAY later than it came."""
    pieces = asyncio.Queue()

    async def read():
        while piece := await reader.read(1 << 16):
            pieces.put_nowait((time.monotonic() + DELAY, piece))
        pieces.put_nowait((time.monotonic() + DELAY, b""))

    async def write():
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not piece:
                writer.close()
                return
            writer.write(piece)
            await writer.drain()

    try:
        await asyncio.gather(read(), write())
    except OSError:
        writer.close()


def proxy(host, port):
    """A port on loopback that leads to a server far away."""
    ready = threading.Event()
    ports = []

    async def serve(reader, writer):
        # A connection is there when the server has answered.
        await asyncio.sleep(2 * DELAY)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()
    return ports[0]


def main():
    binary, rounds = os.path.realpath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    work = tempfile.mkdtemp()
    env = {"HOME": work, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "SUPADECK_KEYRING": "off",
           "SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}
    demo = subprocess.Popen([binary, "demo", "--serve", "--empty", "--port", "0"], env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    url = None
    for line in demo.stdout:
        if line.startswith("SUPABASE_DB_URL="):
            url = line.split("=", 1)[1].strip()
        if line.startswith("ready"):
            break
    try:
        parts = urlsplit(url)
        far = url.replace(f":{parts.port}/", f":{proxy(parts.hostname, parts.port)}/")
        measure(binary, rounds, work, env, url, far)
    finally:
        demo.terminate()
        demo.wait()
        shutil.rmtree(work, ignore_errors=True)


def measure(binary, rounds, work, env, near, far):
    five, one = os.path.join(work, "five"), os.path.join(work, "one")
    for folder, count in ((five, 5), (one, 1)):
        os.makedirs(os.path.join(folder, "supabase", "migrations"))
        for number in range(1, count + 1):
            path = os.path.join(folder, "supabase", "migrations", f"2025010100000{number}_far.sql")
            with open(path, "w") as file:
                file.write(f"create table far_{number} (id int primary key);\nalter table far_{number} enable row level security;\n")

    def deck(folder, *words):
        return [binary, "--db-url", "env:FAR_URL", "--dir", folder, *words]

    env = {**env, "FAR_URL": far}

    def empty():
        subprocess.run(["psql", near, "-qc", "drop table if exists far_1; drop schema if exists supabase_migrations cascade"], env=env, capture_output=True)

    commands = {
        "supadeck migration list": (deck(five, "migration", "list"), (0, 1)),
        "supadeck migration plan, 5 files": (deck(five, "migration", "plan"), (0, 1)),
        "supadeck migration apply, 1 file": (deck(one, "migration", "apply", "--yes"), (0,)),
        "psql -c 'select 1'": (["psql", far, "-qc", "select 1"], (0,)),
        "psql, 1 file in a transaction": (["psql", far, "-q1f", os.path.join(one, "supabase", "migrations", "20250101000001_far.sql")], (0,)),
    }
    if shutil.which("dbmate"):
        folder = os.path.join(one, "supabase", "migrations")
        commands["dbmate up, 1 file"] = (["dbmate", "--url", f"{far}?sslmode=disable", "-d", folder, "--no-dump-schema", "up"], (0,))
    if shutil.which("supabase"):
        commands["supabase db push, 1 file"] = (["supabase", "db", "push", "--workdir", one, "--db-url", far, "--yes"], (0,))
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, good) in commands.items():
            empty()
            begun = time.monotonic()
            done = subprocess.run(command, env=env, capture_output=True, text=True)
            took = time.monotonic() - begun
            if done.returncode not in good:
                sys.exit(f"{name} failed: {done.stderr or done.stdout}")
            times[name].append(took)
    print(f"{'command':36} {'median':>9} {'round trips':>12}")
    for name, all_times in times.items():
        median = statistics.median(all_times)
        print(f"{name:36} {median:7.2f} s {median / (2 * DELAY):12.1f}")


main()
