"""Those that replicate: each has a slot on the source, made before the work that it will drain."""
import os
import re
import shutil
import subprocess
import time

from clusters import as_server_user, free_port

SOURCE = "bench"
PUBLICATION = "bench"


def wait_until(what, seconds, question, pause=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return
        time.sleep(pause)
    raise TimeoutError(what)


class Peer:
    name = "?"

    def __init__(self, clusters):
        self.clusters = clusters
        self.source, self.target = clusters.source, clusters.target
        self.database = "replica_" + re.sub(r"\W", "_", self.name)
        self.slot = "slot_" + re.sub(r"\W", "_", self.name)

    def copy_base(self):
        self.target.sql("postgres", f"create database {self.database} template base")

    def processes(self):
        return {}

    def has(self, sentinel):
        rows = self.target.sql(self.database, f"select 1 from sentinel where id = {sentinel}")
        return bool(rows)

    def await_sentinel(self, sentinel, timeout):
        wait_until(f"{self.name} has not caught up", timeout, lambda: self.has(sentinel))

    def await_idle_slot(self):
        question = ("select 1 from pg_replication_slots"
                    f" where active and slot_name = '{self.slot}'")
        wait_until("the slot stays in use", 60, lambda: not self.source.sql(SOURCE, question))


class Native(Peer):
    """A native subscription."""

    def __init__(self, clusters, name="native", options=""):
        self.name = name
        self.options = options
        super().__init__(clusters)

    def prepare(self):
        self.source.sql(SOURCE, f"select pg_create_logical_replication_slot('{self.slot}',"
                                " 'pgoutput')")
        self.copy_base()
        self.target.sql(self.database, f"create subscription {self.name} connection"
                        f" '{self.source.conninfo(SOURCE)}' publication {PUBLICATION}"
                        f" with (connect = false, slot_name = '{self.slot}'{self.options})")
        # Its tables are in step already: nothing is copied.
        self.target.sql(self.database,
                        "insert into pg_subscription_rel (srsubid, srrelid, srsubstate)"
                        " select s.oid, c.oid, 'r' from pg_subscription s, pg_class c"
                        f" where subname = '{self.name}' and relkind = 'r'"
                        " and relnamespace = 'public'::regnamespace")

    def start(self):
        self.target.sql(self.database, f"alter subscription {self.name} enable")

    def stop(self):
        self.target.sql(self.database, f"alter subscription {self.name} disable")
        self.await_idle_slot()

    def copy_everything(self):
        """The initial synchronisation; the tables are there, and empty."""
        self.target.sql(self.database, f"create subscription {self.name} connection"
                        f" '{self.source.conninfo(SOURCE)}' publication {PUBLICATION}")

    def is_copied(self):
        return not self.target.sql(self.database, "select 1 from pg_subscription_rel"
                                                  " where srsubstate not in ('r', 's')")

    def drop(self):
        self.target.sql(self.database, f"drop subscription {self.name}")
        self.target.sql("postgres", f"drop database {self.database}")


class Pglogical(Peer):
    name = "pglogical"

    def prepare(self):
        source, target = self.source.conninfo(SOURCE), self.target.conninfo(self.database)
        self.source.sql(SOURCE, "create extension if not exists pglogical")
        self.source.sql(SOURCE, f"select pglogical.create_node('source', '{source}')")
        self.source.sql(SOURCE, "select pglogical.replication_set_add_all_tables('default',"
                                " array['public'])")
        self.copy_base()
        self.target.sql(self.database, "create extension pglogical")
        self.target.sql(self.database, f"select pglogical.create_node('target', '{target}')")
        self.target.sql(self.database, "select pglogical.create_subscription('bench',"
                        f" '{source}', synchronize_structure := false, synchronize_data := false)")
        wait_until("pglogical does not begin", 60, lambda: self.target.value(
            self.database, "select status from pglogical.show_subscription_status()")
            == "replicating")
        self.stop()

    def start(self):
        self.target.sql(self.database, "select pglogical.alter_subscription_enable('bench', true)")

    def stop(self):
        self.target.sql(self.database, "select pglogical.alter_subscription_disable('bench', true)")
        time.sleep(1)


class Recvlogical(Peer):
    """Decoding and nothing else: pg_recvlogical into /dev/null."""
    name = "recvlogical"
    _process = None

    def prepare(self):
        self.source.sql(SOURCE, f"select pg_create_logical_replication_slot('{self.slot}',"
                                " 'pgoutput')")

    def start(self):
        self._end = self.source.value(SOURCE, "select pg_current_wal_flush_lsn()")
        self.source.sql(SOURCE, "select pg_logical_emit_message(true, 'bench', 'end')")
        self._process = subprocess.Popen(as_server_user(
            [f"{self.source.bin}/pg_recvlogical", "-d", self.source.conninfo(SOURCE), "-S",
             self.slot, "--start", "-n", "-f", "/dev/null", "-F", "5", "-o", "proto_version=1",
             "-o", f"publication_names={PUBLICATION}", "--endpos", self._end]), cwd="/")

    def processes(self):
        return {"tool": self._process.pid} if self._process else {}

    def await_sentinel(self, _, timeout):
        self._process.wait(timeout)

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._process = None
        self.await_idle_slot()


class Farshore(Peer):
    """Two agents on loopback, as `farshore init` sets them up: TLS, zstd, digests, fsync."""
    name = "farshore"

    def __init__(self, clusters, program, with_tree=False, settings=""):
        super().__init__(clusters)
        self._program = program
        self._folder = f"{clusters.directory}/farshore"
        self._with_tree = with_tree
        self._settings = settings
        self._agents = {}
        self.slot = "farshore_bench_west"

    def initialise(self):
        self.target.sql("postgres", f"create database {self.database}")
        self.port = free_port()
        trees = []
        if self._with_tree:
            for side in ("tree", "replica"):
                os.makedirs(f"{self.clusters.directory}/{side}", exist_ok=True)
            trees = ["--tree", f"files={self.clusters.directory}/tree",
                     "--replica-tree", f"files={self.clusters.directory}/replica"]
        subprocess.run([self._program, "init", "--stream", "bench", "--out", self._folder,
                        "--primary", f"east=127.0.0.1:{free_port()}",
                        "--secondary", f"west=127.0.0.1:{self.port}", *trees,
                        "--database", f"app={self.source.conninfo(SOURCE)}",
                        "--replica-database", f"app={self.target.conninfo(self.database)}"],
                       check=True, stdout=subprocess.DEVNULL)
        for side in ("east", "west") if self._settings else ():
            path = f"{self._folder}/{side}/farshore.toml"
            with open(path, "a") as file:
                file.write(self._settings)

    def prepare(self):
        self.initialise()
        self.start()
        self.await_copy(600)
        self.stop()

    def start(self):
        for side in ("west", "east"):
            with open(f"{self.clusters.directory}/{side}.log", "a") as log:
                self._agents[side] = subprocess.Popen(
                    [self._program, "agent", "--config", f"{self._folder}/{side}/farshore.toml"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def processes(self):
        names = {"east": "primary", "west": "secondary"}
        return {names[side]: agent.pid for side, agent in self._agents.items()}

    def is_copied(self):
        table = self.target.value(self.database, "select to_regclass('farshore.progress')")
        return table is not None and bool(
            self.target.sql(self.database, "select 1 from farshore.progress where copied"))

    def is_applied(self):
        return subprocess.run(
            [self._program, "flush", "--until", "applied", "--timeout", "10s", "--socket",
             f"{self._folder}/east/agent.sock"], capture_output=True).returncode == 0

    def await_copy(self, timeout):
        wait_until("the first copy does not end", timeout,
                   lambda: self.is_copied() and self.is_applied(), 0.2)

    def copy_everything(self):
        self.initialise()
        self.start()

    def stop(self):
        for agent in self._agents.values():
            agent.terminate()
        for agent in self._agents.values():
            agent.wait()
        self._agents = {}
        self.await_idle_slot()

    def drop(self):
        self.stop()
        self.source.sql(SOURCE, f"select pg_drop_replication_slot('{self.slot}')")
        self.target.sql("postgres", f"drop database {self.database}")
        shutil.rmtree(self._folder)

    def last_words(self):
        words = []
        for side in ("east", "west"):
            path = f"{self.clusters.directory}/{side}.log"
            if os.path.exists(path):
                with open(path) as log:
                    words += [f"{side}: {line}" for line in log.read().splitlines()[-8:]]
        return "\n".join(words)
