#!/bin/bash
# A private S3 server for tests: Ceph's RADOS gateway over a one-node cluster that lives in memory.
#
#   s3_server.sh start DIR PORT [OWNER]   prints nothing; returns when the gateway answers
#   s3_server.sh stop DIR                 ends what start began for DIR; DIR itself stays
#
# http is on 127.0.0.1:PORT, https on PORT+1 with the authority DIR/ca.pem; PORT+2 and PORT+10 to
# PORT+29 are the cluster's own. OWNER is a process: when it ends without having said stop, the
# servers end too. No root, no systemd. Debian: radosgw ceph-mon ceph-osd openssl curl.
set -euo pipefail
umask 077

ACCESS_KEY=FARSHORETESTACCESS01
SECRET_KEY=farshore+test/secret/0123456789abcdefghi

fail() {
    echo "s3_server.sh: $*" >&2
    stop_all
    exit 1
}

# True while the process runs; a zombie does not.
is_running() {
    local state
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

# A process of ours bears our directory in its arguments: a pid that was given out anew does not.
is_ours() {
    { tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$DIR"; } 2>/dev/null
}

end_process() { # NAME
    local file=$DIR/$1.pid pid
    [ -s "$file" ] || return 0
    pid=$(cat "$file")
    if is_ours "$pid"; then
        kill -KILL "$pid" 2>/dev/null || true
        while is_running "$pid"; do sleep 0.02; done
    fi
    rm -f "$file"
}

# Nothing of theirs is kept, so none needs a gentle end.
stop_all() {
    local name
    for name in gateway osd monitor; do end_process "$name"; done
    end_watcher
}

# With the process that it waits in. When the owner has gone it is the watcher itself that stops.
end_watcher() {
    local pid
    [ -s "$DIR/watcher.pid" ] || return 0
    pid=$(cat "$DIR/watcher.pid")
    rm -f "$DIR/watcher.pid"
    if [ "$pid" != $$ ] && is_ours "$pid"; then
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
}

spawn() { # NAME COMMAND...
    local name=$1
    shift
    setsid "$@" >"log/$name.out" 2>&1 </dev/null &
    echo $! >"$name.pid"
    disown
}

require_running() {
    local name
    for name in "$@"; do
        is_running "$(cat "$name.pid")" || fail "$name ended: $(tail -3 "log/$name.out")"
    done
}

make_certificate() {
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    openssl req -x509 "${key[@]}" -days 30 -subj "/CN=S3 test authority" -keyout ca.key -out ca.pem
    openssl req "${key[@]}" -subj "/CN=s3.localhost" -keyout server.key -out server.csr
    echo "subjectAltName=DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1" >names.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile names.ext -out server.crt
}

write_config() { # FSID
    local frontend="beast endpoint=127.0.0.1:$PORT ssl_endpoint=127.0.0.1:$((PORT + 1))"
    frontend+=" ssl_certificate=$DIR/server.crt ssl_private_key=$DIR/server.key"
    cat >ceph.conf <<CONF
[global]
fsid = $1
mon host = [v2:127.0.0.1:$((PORT + 2))/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = $((PORT + 10))
ms bind port max = $((PORT + 29))
ms async op threads = 1
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
ms mon client mode = crc
run dir = $DIR/run
admin socket = $DIR/run/\$name.\$pid.asok
log file = $DIR/log/\$name.log
log to stderr = false
keyring = $DIR/keyring
crash dir = $DIR/run
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 10000
[mon]
mon data = $DIR/mon
mon cluster log file = $DIR/log/cluster.log
mon data avail warn = 0
mon data avail crit = 0
mon warn on pool no redundancy = false
auth allow insecure global id reclaim = true
paxos propose interval = 0.01
paxos min wait = 0.01
mon memory autotune = false
rocksdb cache size = 8388608
[osd]
osd data = $DIR/osd
osd journal =
osd objectstore = memstore
memstore device bytes = 1073741824
osd class update on start = false
osd crush update on start = false
osd op num shards = 1
osd op num threads per shard = 2
osd scrub begin hour = 0
osd scrub end hour = 0
osd max object name len = 460
osd max object namespace len = 64
[client]
client mount timeout = 60
[client.rgw]
rgw data = $DIR/rgw
rgw frontends = $frontend
rgw max listing results = 100
rgw dns name = s3.localhost
rgw thread pool size = 32
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw num control oids = 1
rgw gc max objs = 1
rgw lc max objs = 1
rgw reshard num logs = 1
rgw objexp hints num shards = 1
rgw usage max shards = 1
rgw md log max shards = 1
rgw data log num shards = 1
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
CONF
}

# The cluster's map names the one disk from the start, so no manager and no client has to add it.
make_cluster() { # FSID
    monmaptool --create --fsid "$1" --addv a "[v2:127.0.0.1:$((PORT + 2))/0]" --clobber monmap
    osdmaptool "${CONFIG[@]}" --createsimple 1 --clobber osdmap
    ceph-mon "${CONFIG[@]}" -i a --mkfs --monmap monmap --osdmap osdmap
}

make_disk() {
    ceph-osd "${CONFIG[@]}" -i 0 --mkfs --osd-uuid "$(cat /proc/sys/kernel/random/uuid)" \
        --no-mon-config
}

make_user() {
    radosgw-admin "${CONFIG[@]}" -n client.rgw user create --uid=tester --display-name=tester \
        --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY"
}

wait_for_gateway() {
    for _ in $(seq 600); do
        if curl -s -o /dev/null --noproxy '*' --max-time 2 "http://127.0.0.1:$PORT/"; then
            return
        fi
        require_running monitor osd gateway
        sleep 0.1
    done
    fail "the gateway does not answer"
}

watch_owner() { # OWNER
    # shellcheck disable=SC2016 # the arguments are expanded by the watcher
    setsid bash -c 'tail --pid="$1" -f /dev/null; exec "$2" stop "$3"' \
        watcher "$1" "$SCRIPT" "$DIR" >/dev/null 2>&1 </dev/null &
    echo $! >watcher.pid
    disown
}

start() { # OWNER or nothing
    local port fsid
    for port in "$PORT" $((PORT + 1)) $((PORT + 2)) $((PORT + 10)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "s3_server.sh: port $port is in use" >&2
            exit 1
        fi
    done
    cd "$DIR"
    mkdir mon osd rgw log run
    : >keyring
    fsid=$(cat /proc/sys/kernel/random/uuid)
    write_config "$fsid"
    export CEPH_CONF=$DIR/ceph.conf
    CONFIG=(-c "$DIR/ceph.conf")
    [ -z "$1" ] || watch_owner "$1"
    make_certificate >log/certificate.out 2>&1 || fail "openssl: $(tail -3 log/certificate.out)"
    make_cluster "$fsid" >log/cluster.out 2>&1 || fail "cluster: $(tail -3 log/cluster.out)"
    spawn monitor ceph-mon "${CONFIG[@]}" -i a -f
    make_disk >log/disk.out 2>&1 || fail "disk: $(tail -3 log/disk.out)"
    require_running monitor
    spawn osd ceph-osd "${CONFIG[@]}" -i 0 -f
    make_user >log/user.out 2>&1 || fail "user: $(tail -3 log/user.out)"
    spawn gateway radosgw "${CONFIG[@]}" -n client.rgw -f
    wait_for_gateway
}

[ $# -ge 2 ] || { echo "usage: $0 start DIR PORT [OWNER] | stop DIR" >&2; exit 2; }
SCRIPT=$(readlink -f "$0")
case $1 in
start)
    PORT=$3
    mkdir -p "$2"
    DIR=$(cd "$2" && pwd -P)
    start "${4:-}"
    ;;
stop)
    DIR=$(cd "$2" 2>/dev/null && pwd -P) || exit 0
    stop_all
    ;;
*)
    echo "usage: $0 start DIR PORT [OWNER] | stop DIR" >&2
    exit 2
    ;;
esac
