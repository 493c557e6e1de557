#!/bin/bash
# packaging/deb.sh [DIRECTORY]
#
# Builds farshore's Debian package from this checkout into DIRECTORY (default: build/deb) and prints
# the path of the .deb.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
packaging/dependencies.sh --build
mkdir -p "${1:-build/deb}"
destination=$(cd "${1:-build/deb}" && pwd)
# The same path each time, so that a compiler cache can help.
work=$root/build/deb/work
rm -rf "$work"
mkdir -p "$work/source"
trap 'rm -rf "$work"' EXIT

version=$(sed -n "s/^ *version: '\([^']*\)'.*/\1/p" meson.build | head -n 1)
stamp=$(git log -1 --format=%ct 2> /dev/null || stat -c %Y meson.build)
export SOURCE_DATE_EPOCH=$stamp

cp -a meson.build meson_options.txt README.md LICENSE protocol storage agent packaging \
  "$work/source/"
cd "$work/source"
mv packaging/debian debian
cp packaging/systemd/farshore.service debian/farshore.service
depends=$("$root/packaging/dependencies.sh" --build --print | grep -vx 'ccache\|mold\|fakeroot' |
  paste -sd, | sed 's/,/, /g; s/debhelper/debhelper-compat (= 13)/')
sed "s/@BUILD_DEPENDS@/$depends/" debian/control.in > debian/control
rm debian/control.in
cat > debian/changelog <<END
farshore ($version) unstable; urgency=medium

  * Built from its source tree.

 -- farshore <maintainers@farshore.invalid>  $(date -u -R -d "@$stamp")
END

# debhelper gives the build a home of its own: tell the compiler cache where the real one is.
if command -v ccache > /dev/null; then
  export CXX="ccache g++" CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache}
fi
log=$root/build/deb/build.log
if ! DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" \
    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps > "$log" 2>&1; then
  tail -60 "$log" >&2
  echo "deb: the build failed; all of it is in $log" >&2
  exit 1
fi
mv -- "$work"/farshore_*.deb "$destination/"
ls -- "$destination"/farshore_"$version"_*.deb
