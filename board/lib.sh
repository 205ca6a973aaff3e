# Shared by the scripts of this folder: where things are, what must be installed, how to build.
# Sourced, never run. Everything here works on a fresh Debian 12 with the Swift toolchain in the PATH.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${LINTEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lintel}
hotloop=$root/.build/hotloop
embedded_bin=$root/.build/embedded/release
soundcard=$root/.build/soundcard/libasound_module_pcm_lintel.so

build_packages=(
  build-essential pkg-config libuv1-dev libssl-dev libopus-dev
  libasound2-dev libgpiod-dev libspeexdsp-dev libjansson-dev libnanopb-dev
  libusrsctp-dev
)
# What the demo and the tests need on top: the room server's Python, speech, certificates, the protobuf generator.
test_packages=(
  python3 python3-venv espeak-ng openssl nanopb protobuf-compiler binutils file pulseaudio libasound2-plugins
)

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

need_swift() {
  command -v swift >/dev/null || die "no Swift toolchain in the PATH (6.3 or newer, see swift.org/install)"
}

# Installs those of the named Debian packages that are missing; says nothing when there is nothing to do.
need_packages() {
  local missing=() name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing packages, and neither root nor sudo to install them: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# Prints the interpreter of a virtual environment that has exactly the packages of one requirements file of
# Tests/Interop (requirements.txt by default). It lies in the cache under the digest of that file, so a changed pin
# makes a new one and an interrupted install never counts.
peer_python() {
  local requirements=$root/Tests/Interop/${1:-requirements.txt} venv
  venv=$cache/venv-$(sha256sum "$requirements" | cut -c1-16)
  if [ ! -e "$venv/complete" ]; then
    say "making the Python environment of $(basename "$requirements")"
    rm -rf "$venv"
    mkdir -p "$cache"
    /usr/bin/python3 -m venv "$venv" || die "cannot make $venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$requirements" >&2 ||
      die "pip could not install $requirements"
    touch "$venv/complete"
  fi
  printf '%s\n' "$venv/bin/python"
}

# Runs a command quietly; its output is shown only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# Decides which libopus the programs are linked with, once: fixed-point from Debian's source, unless LINTEL_OPUS names
# a folder or says 'system'.
choose_opus() {
  [ -z "${LINTEL_OPUS:-}" ] || return 0
  if ! LINTEL_OPUS=$("$root/board/opus"); then
    say "WARNING: no fixed-point libopus (see above); linking Debian's, which calculates in floating point"
    LINTEL_OPUS=system
  fi
  export LINTEL_OPUS
}

# Builds what is shipped: the programs in Embedded Swift, and the simulated sound card.
build_embedded() {
  choose_opus
  quietly env LINTEL_EMBEDDED=1 swift build --omit-frame-pointers --package-path "$root" -c release \
    --scratch-path "$root/.build/embedded" || die "the Embedded Swift build failed"
}

# Builds the audio engine as a program of its own, for the PC (x86) or the microcontroller (rv32).
build_hotloop() {
  local opus target=native
  [ "$1" = x86 ] || target=$1
  opus=$("$root/board/opus" --for "$target") || die "what is counted needs the fixed-point libopus"
  quietly "$root/board/hotloop/build" "$1" "$opus" "$hotloop/$1" || die "the hot loop does not build for $1"
}

build_soundcard() {
  quietly "$root/board/soundcard/build" "$root/.build/soundcard" || die "the simulated sound card did not build"
}

# An apt state of its own in a folder, for one architecture and kind of package (deb or deb-src), from the Debian
# mirrors of this machine, whose own lists stay as they are. Sets the array `apt` to the command.
private_apt() {
  local folder=$1 architecture=$2 kind=${3:-deb} key=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$folder/lists/partial" "$folder/archives/partial"
  [ -e "$key" ] && key="[signed-by=$key]" || key=
  apt-cache policy | awk -v "kind=$kind $key" '
    $2 ~ /^https?:/ { place = $2; split($3, part, "/") }
    /o=Debian,/ && part[2] == "main" { print kind, place, part[1], "main" }' | sort -u >"$folder/sources.list"
  [ -s "$folder/sources.list" ] || echo "$kind $key http://deb.debian.org/debian bookworm main" >"$folder/sources.list"
  : >"$folder/status"
  apt=(apt-get -q -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State=$folder"
    -o "Dir::State::Status=$folder/status" -o "Dir::Cache=$folder" -o APT::Sandbox::User=root
    -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture")
  "${apt[@]}" update
}

# Prints the mirror that this machine has Debian from.
debian_mirror() {
  local mirror
  mirror=$(sed -n 's/^URIs: *//p; s/^deb \(http[^ ]*\) .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -m 1 '/debian/*$' || true)
  printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

# Prints the folder of a small Debian with systemd, the libraries of the programs and the named packages, made once in
# the cache; empty if it cannot be made here, with the reason on standard error.
debian_tree() {
  local packages=systemd,systemd-sysv,dbus,udev,ca-certificates,libuv1,libssl3,libasound2,libgpiod2,libspeexdsp1,libjansson4,libusrsctp2
  local tree mirror name
  for name in "$@"; do packages+=,$name; done
  tree=$cache/bookworm-$(sha256sum <<<"$packages" | cut -c1-16)
  if [ ! -e "$tree/complete" ]; then
    [ "$(id -u)" -eq 0 ] || { say "no Debian tree: debootstrap needs root"; return 0; }
    mirror=$(debian_mirror)
    say "making a Debian tree from $mirror"
    rm -rf "$tree"
    mkdir -p "$cache"
    quietly debootstrap --variant=minbase --include="$packages" bookworm "$tree" "$mirror" ||
      { say "no Debian tree: debootstrap failed"; return 0; }
    touch "$tree/complete"
  fi
  printf '%s\n' "$tree"
}
