"""What people use today: rsync over ssh, rsync's own daemon, tar and zstd over mutual TLS.

All on loopback with throw-away keys, from Debian's packages; nothing stays after the bench."""

import os
import subprocess
import time

from pair import free_port, processor_seconds, remove_tree

PACKAGES = ("rsync", "openssh-server", "openssh-client", "socat", "openssl", "zstd", "tar")
PROGRAMS = ("rsync", "sshd", "ssh", "socat", "openssl", "zstd", "tar")


def install():
    """Debian's packages, where they are missing (needs root)."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [program for program in PROGRAMS
               if not any(os.access(os.path.join(folder, program), os.X_OK)
                          for folder in path.split(":"))]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
                       check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


SSHD_CONFIG = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
PidFile none
"""
SSH_CONFIG = """Host *
  IdentityFile {folder}/user
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
  Ciphers aes128-gcm@openssh.com
  Compression no
  Port {port}
"""
RSYNCD_CONFIG = """uid = {user}
gid = {group}
use chroot = no
[root]
path = /
read only = no
"""


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


class Peers:
    """The servers and keys of the peers, in one folder, for as long as it is entered."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []

    def __enter__(self):
        remove_tree(self.folder)
        os.makedirs(self.folder, mode=0o700)
        ssh_port, self.rsyncd_port = free_port(), free_port()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            os.path.join(self.folder, name)], check=True)
        with open(os.path.join(self.folder, "user.pub"), encoding="ascii") as file:
            write(os.path.join(self.folder, "authorized"), file.read())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-subj", "/CN=bench",
                        "-keyout", self.folder + "/tls.key", "-out", self.folder + "/tls.crt"],
                       check=True, stderr=subprocess.DEVNULL)
        values = {"folder": self.folder, "port": ssh_port, "user": os.getuid(),
                  "group": os.getgid()}
        write(self.folder + "/sshd_config", SSHD_CONFIG.format(**values))
        write(self.folder + "/ssh_config", SSH_CONFIG.format(**values))
        write(self.folder + "/rsyncd.conf", RSYNCD_CONFIG.format(**values))
        os.makedirs("/run/sshd", exist_ok=True)
        self.sshd = self._serve(["/usr/sbin/sshd", "-D", "-f", self.folder + "/sshd_config",
                                 "-E", self.folder + "/sshd.log"])
        self.rsyncd = self._serve(["rsync", "--daemon", "--no-detach", "--address=127.0.0.1",
                                   "--port=%d" % self.rsyncd_port,
                                   "--config=" + self.folder + "/rsyncd.conf"])
        time.sleep(0.5)
        return self

    def _serve(self, command):
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.servers.append(server)
        return server

    def __exit__(self, *unused):
        for server in self.servers:
            server.terminate()
            server.wait()

    def _run(self, command, server, target):
        """Seconds and processor seconds of the command, of what the server did, and of a sync."""
        before = processor_seconds(server.pid)
        children = os.times()
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if target:
            subprocess.run(["sync", "--file-system", target], check=True)
        seconds = time.monotonic() - begin
        after = os.times()
        time.sleep(0.2)  # until the server has seen its child end
        cpu = (after.children_user - children.children_user +
               after.children_system - children.children_system)
        return {"s": seconds, "cpu_s": cpu + processor_seconds(server.pid) - before}

    def rsync_ssh(self, source, target, *options):
        """rsync over ssh, then sync; options instead of -a."""
        command = ["rsync", *(options or ("-a",)), "-e", "ssh -F %s/ssh_config" % self.folder,
                   source + "/", "127.0.0.1:" + target + "/"]
        return self._run(command, self.sshd, None if "-n" in options else target)

    def rsync_daemon(self, source, target, *options):
        """The same by rsync's own daemon, without encryption."""
        command = ["rsync", *(options or ("-a",)), source + "/",
                   "rsync://127.0.0.1:%d/root%s/" % (self.rsyncd_port, target)]
        return self._run(command, self.rsyncd, None if "-n" in options else target)

    def tar_tls(self, source, target):
        """tar, zstd, TLS 1.3 with certificates at both ends, zstd, tar; then sync."""
        port = free_port()
        tls = ("cafile={0}/tls.crt,cert={0}/tls.crt,key={0}/tls.key,verify=1,"
               "openssl-min-proto-version=TLS1.3").format(self.folder)
        receive = ("socat -u -b 262144 OPENSSL-LISTEN:%d,bind=127.0.0.1,reuseaddr,%s - "
                   "| zstd -q -dc | tar -C '%s' -xf -" % (port, tls, target))
        send = ("tar -C '%s' --exclude=./.farshore -cf - . | zstd -q -T0 -3 "
                "| socat -u -b 262144 - OPENSSL:127.0.0.1:%d,commonname=bench,%s"
                % (source, port, tls))
        script = ("set -o pipefail; (%s) & sleep 0.2; %s && wait $!" % (receive, send))
        figures = self._run(["bash", "-c", script], self.sshd, target)
        figures["s"] -= 0.2
        return figures
