"""The rows of the table: what is written on the source, and what is measured."""
import re
import subprocess
import threading
import time

from clusters import as_server_user
from measure import Monitor, bytes_sent, cpu_seconds
from peers import PUBLICATION, SOURCE, wait_until

ROW = ("g, ((g::bigint * 7919) % 1000003)::int, timestamptz '2026-01-01' + g * interval '1 second',"
       " md5(g::text) || md5((g + 1)::text)")
COLUMNS = "(id bigint primary key, a int, at timestamptz, note text)"


class Sizes:
    """How much work; --quick is for looking whether it runs, not for figures."""

    def __init__(self, quick):
        self.scale = 5 if quick else 50
        self.bench_seconds = 10 if quick else 60
        self.rows = 100_000 if quick else 1_000_000
        self.large_rows = 500_000 if quick else 5_000_000
        self.copy_rows = 1_000_000 if quick else 14_000_000  # about 150 bytes each in the table
        self.latency_seconds = 5 if quick else 30
        self.idle_seconds = 10 if quick else 60


def pgbench(cluster, *arguments):
    done = subprocess.run(as_server_user(
        [f"{cluster.bin}/pgbench", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres",
         *arguments, SOURCE]), check=True, cwd="/", capture_output=True, text=True)
    return done.stdout


def make_base(clusters, tables, scale=0):
    """The source's database with a publication, and the same without one as a template."""
    source, target = clusters.source, clusters.target
    source.sql("postgres", f"create database {SOURCE}")
    target.sql("postgres", "create database base")
    if scale:
        pgbench(source, "-i", "-q", "-s", str(scale))
        copy = f"pg_dump '{source.conninfo(SOURCE)}' | psql -qX '{target.conninfo('base')}'"
        subprocess.run(["sh", "-c", copy], check=True, stdout=subprocess.DEVNULL)
    for cluster, database in ((source, SOURCE), (target, "base")):
        cluster.sql(database, "create table sentinel (id bigint primary key)")
        for statement in tables:
            cluster.sql(database, statement)
        cluster.sql(database, "vacuum analyze")
        cluster.sql(database, "checkpoint")
    source.sql(SOURCE, f"create publication {PUBLICATION} for all tables")


def put_sentinel(source):
    return source.value(SOURCE, "insert into sentinel select coalesce(max(id), 0) + 1"
                                " from sentinel returning id")


def position(cluster):
    return cluster.value(SOURCE, "select pg_current_wal_insert_lsn() - '0/0'")


class CatchUp:
    """A backlog is written once, and each peer drains it in its turn."""
    unit = "rows"
    tables = [f"create table work {COLUMNS}"]
    timeout = 1200

    def __init__(self, sizes):
        self.sizes = sizes

    def prepare(self, clusters):
        make_base(clusters, self.tables)

    def before(self, source):
        """Work of which the peers are rid before the backlog is written; True if there is any."""
        return False

    def write(self, source):
        raise NotImplementedError

    def measure(self, clusters, peers):
        """{peer: {"rate": units a second, ...}}"""
        if self.before(clusters.source):
            self.drain(clusters, peers, 1)
        begin = position(clusters.source)
        units = self.write(clusters.source)
        wal = position(clusters.source) - begin
        return self.drain(clusters, peers, units, int(wal))

    def drain(self, clusters, peers, units, wal=1):
        sentinel = put_sentinel(clusters.source)
        results = {}
        for peer in peers:
            clusters.target.sql("postgres", "checkpoint")
            begin = time.monotonic()
            peer.start()
            monitor = Monitor(peer.processes(), peer.database)
            monitor.start()
            wire = WireCount(peer) if hasattr(peer, "port") or peer.name == "native" else None
            peer.await_sentinel(sentinel, self.timeout)
            seconds = time.monotonic() - begin
            results[peer.name] = {"rate": units / seconds, "seconds": seconds,
                                  "roles": monitor.result()}
            if wire:
                results[peer.name]["wire"] = wire.result() / wal
            peer.stop()
        return results


class WireCount(threading.Thread):
    """What goes over the peer's connections, both directions, until it is asked."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self._port = peer.port if hasattr(peer, "port") else peer.source.port
        self._sent, self._ends = {}, threading.Event()
        # The measuring program's own sessions go to the same port of the source.
        self._walsender_only = not hasattr(peer, "port")
        self._source = peer.source
        self.start()

    def run(self):
        while not self._ends.wait(0.3):
            self._sent.update(bytes_sent(self._port))

    def result(self):
        self._sent.update(bytes_sent(self._port))
        self._ends.set()
        self.join()
        if self._walsender_only:
            return max(self._sent.values(), default=0)
        return sum(self._sent.values())


class TpcB(CatchUp):
    """pgbench's TPC-B, 4 clients."""
    unit = "transactions"
    tables = []

    def prepare(self, clusters):
        make_base(clusters, self.tables, self.sizes.scale)

    def write(self, source):
        text = pgbench(source, "-n", "-M", "prepared", "-c", "4", "-j", "2", "-T",
                       str(self.sizes.bench_seconds))
        return int(re.search(r"actually processed: (\d+)", text).group(1))


class Thousands(CatchUp):
    """Rows in transactions of 1,000."""

    def write(self, source):
        connection = source.connect(SOURCE)
        cursor = connection.cursor()
        cursor.execute("select coalesce(max(id), 0) from work")
        begin = cursor.fetchone()[0] + 1
        cursor.execute(f"prepare put as insert into work select {ROW}"
                       " from generate_series($1::bigint, $1::bigint + 999) g")
        for first in range(begin, begin + self.sizes.rows, 1000):
            cursor.execute(f"execute put({first})")
        connection.close()
        return self.sizes.rows


class OneStatement(CatchUp):
    """All rows updated by one statement."""
    statement = "update work set a = a + 1"

    def before(self, source):
        source.sql(SOURCE, "truncate work")
        source.sql(SOURCE, f"insert into work select {ROW}"
                           f" from generate_series(1, {self.sizes.rows}) g")
        return True

    def write(self, source):
        source.sql(SOURCE, self.statement)
        return self.sizes.rows


class OneDelete(OneStatement):
    """All rows deleted by one statement."""
    statement = "delete from work"


class LargeTransaction(CatchUp):
    """One transaction of many rows, while the peer runs; from its begin until it is visible."""

    def write(self, source):
        source.sql(SOURCE, f"insert into work select {ROW} from (select coalesce(max(id), 0) as m"
                           f" from work) l, generate_series(m + 1, m + {self.sizes.large_rows}) g")
        return self.sizes.large_rows

    def measure(self, clusters, peers):
        results = {}
        for peer in peers:
            peer.start()
            peer.await_sentinel(put_sentinel(clusters.source), self.timeout)
            monitor = Monitor(peer.processes(), peer.database)
            monitor.start()
            begin = time.monotonic()
            units = self.write(clusters.source)
            committed = time.monotonic()
            peer.await_sentinel(put_sentinel(clusters.source), self.timeout)
            end = time.monotonic()
            results[peer.name] = {"rate": units / (end - begin), "seconds": end - begin,
                                  "behind the commit": end - committed,
                                  "roles": monitor.result()}
            peer.stop()
        return results


class FirstCopy:
    """One table with an index, and nothing else."""
    unit = "MB"

    def __init__(self, sizes):
        self.sizes = sizes

    def prepare(self, clusters):
        make_base(clusters, [f"create table work {COLUMNS}", "create index on work (a)"])
        clusters.source.sql(SOURCE, f"insert into work select {ROW}"
                                    f" from generate_series(1, {self.sizes.copy_rows}) g")
        clusters.source.sql(SOURCE, "vacuum analyze")
        clusters.source.sql(SOURCE, "checkpoint")

    def measure(self, clusters, peers):
        megabytes = clusters.source.value(SOURCE, "select pg_table_size('work')") / 1e6
        results = {}
        for peer in peers:
            clusters.target.sql("postgres", "checkpoint")
            if peer.name == "native":
                peer.copy_base()
            begin = time.monotonic()
            peer.copy_everything()
            monitor = Monitor(peer.processes(), peer.database)
            monitor.start()
            wait_until("no end of the copy", 1800, peer.is_copied, 0.1)
            seconds = time.monotonic() - begin
            results[peer.name] = {"rate": megabytes / seconds, "seconds": seconds,
                                  "roles": monitor.result()}
            peer.drop()
        return results


class Latency:
    """100 transactions a second; from the COMMIT's answer until the row can be seen."""
    unit = "ms"
    rate = 100

    def __init__(self, sizes):
        self.sizes = sizes

    def prepare(self, clusters):
        make_base(clusters, [f"create table work {COLUMNS}"])

    def measure(self, clusters, peers):
        results = {}
        for peer in peers:
            peer.start()
            peer.await_sentinel(put_sentinel(clusters.source), 120)
            monitor = Monitor(peer.processes(), peer.database)
            monitor.start()
            waited = sorted(self.once(clusters.source, peer))
            results[peer.name] = {"rate": 1 / max(waited[len(waited) // 2], 1e-6),
                                  "p50": 1000 * waited[len(waited) // 2],
                                  "p99": 1000 * waited[int(len(waited) * 0.99)],
                                  "roles": monitor.result()}
            peer.stop()
        return results

    def once(self, source, peer):
        count = self.rate * self.sizes.latency_seconds
        first = source.value(SOURCE, "select coalesce(max(id), 0) + 1 from work")
        seen = {}
        watcher = threading.Thread(target=self.watch, args=(peer, first, count, seen))
        watcher.start()
        cursor = source.connect(SOURCE).cursor()
        cursor.execute("prepare put as insert into work (id, note) values ($1, 'x')")
        acknowledged, begin = {}, time.monotonic()
        for row in range(count):
            time.sleep(max(0, begin + row / self.rate - time.monotonic()))
            cursor.execute(f"execute put({first + row})")
            acknowledged[first + row] = time.monotonic()
        watcher.join()
        cursor.connection.close()
        return [seen[row] - moment for row, moment in acknowledged.items()]

    @staticmethod
    def watch(peer, first, count, seen):
        cursor = peer.target.connect(peer.database).cursor()
        cursor.execute("prepare look as select coalesce(max(id), 0) from work")
        next_row, end = first, time.monotonic() + 300
        while next_row < first + count and time.monotonic() < end:
            cursor.execute("execute look")
            newest = cursor.fetchone()[0]
            moment = time.monotonic()
            for row in range(next_row, newest + 1):
                seen[row] = moment
            next_row = max(next_row, newest + 1)
            time.sleep(0.0005)
        cursor.connection.close()


class Idle:
    """Nothing happens: what both agents cost, and what is written into the primary's log."""
    unit = "% of a core"

    def __init__(self, sizes):
        self.sizes = sizes

    def prepare(self, clusters):
        make_base(clusters, [f"create table work {COLUMNS}"])

    def measure(self, clusters, peers):
        results = {}
        for peer in peers:
            peer.start()
            peer.await_sentinel(put_sentinel(clusters.source), 120)
            clusters.source.sql(SOURCE, "checkpoint")
            time.sleep(5)
            begin = {name: cpu_seconds(pid) for name, pid in peer.processes().items()}
            wal = position(clusters.source)
            time.sleep(self.sizes.idle_seconds)
            result = {name + " %": 100 * (cpu_seconds(pid) - begin[name]) / self.sizes.idle_seconds
                      for name, pid in peer.processes().items()}
            result["wal bytes"] = int(position(clusters.source) - wal)
            result["rate"] = 1 / max(*(v for n, v in result.items() if n.endswith("%")), 0.01)
            results[peer.name] = result
            peer.stop()
        return results
