#!/bin/bash
# packaging/dependencies.sh [--build] [--run] [--test]
#
# The one list of the Debian 12 packages that farshore needs, and their installation; without a
# word, all of it. Installs only what is missing, asks nothing, and needs root or sudo only when
# something is missing.
#   --build   to compile the agent and its package
#   --run     to run it by hand, and packaging/demo.sh
#   --test    to run packaging/test.sh
#   --print   print the names instead of installing them
set -euo pipefail

build=(
  g++ pkg-config meson ninja-build ccache mold
  libboost1.81-dev libboost-json1.81-dev      # Asio, Beast; JSON
  libssl-dev libzstd-dev libxxhash-dev
  libcurl4-openssl-dev                        # the S3 store
  libpq-dev libpqxx-dev libsqlite3-dev
  libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev
  debhelper dpkg-dev fakeroot                 # the .deb
)
run=(
  postgresql-15 postgresql-client-15
  openssl procps util-linux                   # setpriv, runuser
)
test=(
  "${run[@]}"
  libgtest-dev libgmock-dev
  clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev  # analysis, format, fuzzers
  git python3 python3-cryptography zstd       # the checks; the independent verifier
  rsync                                       # judges whether two trees are equal
  radosgw ceph-mon ceph-osd curl              # the S3 server
  attr acl libcap2-bin jq iproute2
  mmdebstrap systemd shellcheck               # the clean root for the .deb; systemd-analyze
)

print=no
apt_extra=()
wanted=()
for word in "$@"; do
  case $word in
    --build) wanted+=("${build[@]}") ;;
    --run) wanted+=("${run[@]}") ;;
    --test) wanted+=("${test[@]}") ;;
    --print) print=yes ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${build[@]}" "${test[@]}")
if [ $print = yes ]; then
  printf '%s\n' "${wanted[@]}" | sort -u
  exit
fi

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "dependencies: installing ${missing[*]}" >&2

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo > /dev/null ||
    { echo "dependencies: not root and no sudo: install them and try again" >&2; exit 1; }
  as_root=(sudo)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get \
    --quiet --quiet --yes --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" < /dev/null
}

# Without this, installing PostgreSQL makes a cluster and starts a server: nobody asked for one.
if ! is_installed postgresql-15 && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' |
    "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf > /dev/null
  apt_extra=(-o Dpkg::Options::=--force-confold)
fi

# Fresh lists only where the present ones don't know a package, or name a version that is gone.
known() { apt-cache show --quiet=2 --no-all-versions "${missing[@]}" > /dev/null 2>&1; }
known || apt update
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! apt "${apt_extra[@]}" install "${missing[@]}" > "$log" 2>&1; then
  apt update
  apt "${apt_extra[@]}" install "${missing[@]}" > "$log" 2>&1 ||
    { cat "$log" >&2; echo "dependencies: could not install ${missing[*]}" >&2; exit 1; }
fi
