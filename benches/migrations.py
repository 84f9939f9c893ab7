#!/usr/bin/env python3
"""Measures the engine beside its peers, in alternating runs on one local Postgres.

Usage: benches/migrations.py BINARY [FILES] [RUNS]     BINARY is a release build with the feature `demo`.
Peers: psql with a transaction each, and the Supabase CLI where the variable SUPABASE_CLI names its binary.
"""

import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(sys.argv[1])
DEMO = os.environ.get("DEMO", BINARY)
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
RUNS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
CLI = os.environ.get("SUPABASE_CLI")
CLEAN = {"PATH": os.environ["PATH"], "HOME": "/tmp", "SUPADECK_KEYRING": "off", "LANG": "C.UTF-8"}


def say(name, times, unit="s"):
    text = f"median {statistics.median(times):.3f} {unit}, best {min(times):.3f}, worst {max(times):.3f} of {len(times)}"
    print(f"{name:44} {text}", flush=True)


def timed(command, **options):
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    took = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"{command[:3]} failed:\n{done.stderr[-2000:]}")
    return took, done.stdout


class Server:
    def __init__(self):
        self.process = subprocess.Popen([DEMO, "demo", "--serve", "--empty", "--port", "0"], env=CLEAN, text=True,
                                        stdout=subprocess.PIPE)
        self.url = None
        for line in self.process.stdout:
            if line.startswith("SUPABASE_DB_URL="):
                self.url = line.strip().split("=", 1)[1]
            if line.strip() == "ready":
                break

    def sql(self, text):
        subprocess.run(["psql", self.url, "-qc", text], check=True, capture_output=True)

    def clear(self):
        self.sql("drop schema if exists supabase_migrations cascade; drop schema if exists bench cascade;"
                 "create schema bench;")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def project(count):
    root = tempfile.mkdtemp(prefix="supadeck-bench-")
    folder = os.path.join(root, "supabase", "migrations")
    os.makedirs(folder)
    for n in range(count):
        with open(os.path.join(folder, f"2025010100{n:04}_table_{n}.sql"), "w", encoding="utf-8") as file:
            file.write(f"create table bench.t{n} (id int primary key, name text);\n")
    # psql runs the same files, each in a transaction of its own, over one connection.
    with open(os.path.join(root, "all.psql"), "w", encoding="utf-8") as file:
        file.write("\\set ON_ERROR_STOP 1\n")
        for n in range(count):
            file.write(f"begin;\n\\i {folder}/2025010100{n:04}_table_{n}.sql\ncommit;\n")
    return root


def main():
    server = Server()
    root = project(FILES)
    try:
        ours = {**CLEAN, "SUPABASE_DB_URL": server.url}
        apply = [BINARY, "--dir", root, "migration", "apply", "--yes"]
        psql = ["psql", server.url, "-q", "-f", os.path.join(root, "all.psql")]
        mine, theirs = [], []
        for _ in range(RUNS):
            server.clear()
            mine.append(timed(apply, env=ours)[0])
            server.clear()
            theirs.append(timed(psql, env=CLEAN)[0])
        say(f"apply {FILES} files, supadeck", mine)
        say(f"apply {FILES} files, psql, a transaction each", theirs)
        server.clear()
        timed(apply, env=ours)
        listing = [BINARY, "--dir", root, "migration", "list", "--json"]
        peer = [CLI, "migration", "list", f"--db-url={server.url}", "--workdir", root] if CLI else None
        mine, theirs = [], []
        for _ in range(4 * RUNS):
            mine.append(timed(listing, env=ours)[0] * 1e3)
            if peer:
                theirs.append(timed(peer, env=CLEAN)[0] * 1e3)
        say(f"migration list of {FILES}, supadeck", mine, "ms")
        if peer:
            say(f"migration list of {FILES}, Supabase CLI", theirs, "ms")
        else:
            print("The Supabase CLI was not measured: SUPABASE_CLI does not name it.")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{'largest child, MB':44} {peak:.0f}")
    finally:
        server.close()
        shutil.rmtree(root)


main()
