"""Two throw-away PostgreSQL clusters on loopback: the source and the target."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import psycopg2

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
shared_buffers = '{shared_buffers}'
max_connections = 60
wal_level = logical
max_wal_senders = 24
max_replication_slots = 24
max_worker_processes = 40
max_logical_replication_workers = 16
max_wal_size = '16GB'
checkpoint_timeout = '30min'
maintenance_work_mem = '256MB'
fsync = on
synchronous_commit = on
autovacuum = off
log_min_messages = warning
{extra}
"""


def programs():
    base = "/usr/lib/postgresql"
    versions = [name for name in os.listdir(base) if os.path.exists(f"{base}/{name}/bin/initdb")]
    return f"{base}/{max(versions, key=int)}/bin"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_server_user(command):
    """PostgreSQL refuses to run as root: there it runs as the user that its package made."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] + command


class Cluster:
    def __init__(self, directory, name, with_pglogical):
        self.bin = programs()
        self.port = free_port()
        self.data = f"{directory}/{name}"
        self.log = f"{directory}/{name}.log"
        self._sessions = threading.local()
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--no-locale")
        extra = "shared_preload_libraries = 'pglogical'" if with_pglogical else ""
        subprocess.run(as_server_user(["tee", "-a", f"{self.data}/postgresql.conf"]), check=True,
                       text=True, stdout=subprocess.DEVNULL,
                       input=SETTINGS.format(port=self.port, extra=extra,
                                             shared_buffers=os.environ.get("BENCH_BUFFERS", "1GB")))
        self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "120", "start")

    def _run(self, program, *arguments):
        subprocess.run(as_server_user([f"{self.bin}/{program}", *arguments]), check=True, cwd="/",
                       stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]})

    def stop(self):
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def conninfo(self, database):
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def connect(self, database):
        connection = psycopg2.connect(self.conninfo(database))
        connection.autocommit = True
        return connection

    def sql(self, database, text):
        """The rows, or None. Sessions are not kept: a template database must have none."""
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, database, text):
        return self.sql(database, text)[0][0]


class Clusters:
    """with Clusters() as clusters: clusters.source, clusters.target, clusters.directory."""

    def __init__(self, with_pglogical=False):
        self.directory = tempfile.mkdtemp(prefix="farshore-bench-",
                                          dir=os.environ.get("BENCH_DIR"))
        self.source = self.target = None
        self._with_pglogical = with_pglogical

    def __enter__(self):
        os.chmod(self.directory, 0o755)
        servers = f"{self.directory}/servers"
        os.mkdir(servers)
        if os.geteuid() == 0:
            shutil.chown(servers, "postgres")
        try:
            self.source = Cluster(servers, "source", self._with_pglogical)
            self.target = Cluster(servers, "target", self._with_pglogical)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for cluster in (self.source, self.target):
            if cluster:
                cluster.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
