# Shared by the scripts of this folder: where things are, what must be installed, how to build.
# Sourced, never run. Everything here works on a fresh Debian 12 with the Swift toolchain in the PATH.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
native=$(dpkg --print-architecture)
cache=${LINTEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lintel}
hotloop=$root/.build/hotloop
embedded_bin=$root/.build/embedded/release
soundcard=$root/.build/soundcard/libasound_module_pcm_lintel.so
wire=$root/.build/network/wire

build_packages=(
  build-essential pkg-config libuv1-dev libssl-dev libopus-dev
  libasound2-dev libgpiod-dev libspeexdsp-dev libjansson-dev libnanopb-dev
  libusrsctp-dev
)
# What the demo and the tests need on top: the room server's Python, speech, certificates, the protobuf generator.
test_packages=(
  python3 python3-venv espeak-ng openssl nanopb protobuf-compiler binutils file pulseaudio libasound2-plugins
  coturn tinyproxy
)

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

need_swift() {
  command -v swift >/dev/null || die "no Swift toolchain in the PATH (6.3 or newer, see swift.org/install)"
}

# Installs those of the named Debian packages that are missing; says nothing when there is nothing to do.
need_packages() {
  local missing=() name lock
  missing_packages "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing packages, and neither root nor sudo to install them: ${missing[*]}"
    as_root=(sudo)
  fi
  # Two of our commands at once take turns, and the second may find that nothing is missing any more.
  mkdir -p "$cache"
  exec {lock}>"$cache/apt.lock"
  flock "$lock"
  missing=()
  missing_packages "$@"
  if [ ${#missing[@]} -gt 0 ]; then install_missing; fi
  exec {lock}>&-
}
missing_packages() {
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
}
install_missing() {
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
  # The tests start coturn themselves; its package makes it a service.
  case " ${missing[*]} " in
    *" coturn "*) "${as_root[@]}" systemctl -q disable --now coturn 2>/dev/null || true ;;
  esac
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

# Prints PipeWire's plugin for ALSA, unpacked into the cache, as its package takes the place of PulseAudio's; nothing if
# it cannot be had, with the reason on standard error.
pipewire_plugin() {
  local folder
  need_packages pipewire wireplumber dbus-daemon
  folder=$cache/pipewire-alsa-$(dpkg-query -W -f '${Version}' pipewire)
  if [ ! -e "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && quietly apt-get download pipewire-alsa) || { say "no plugin of PipeWire: pipewire-alsa cannot be had"; return 0; }
    dpkg-deb -x "$folder"/pipewire-alsa_*.deb "$folder"
    touch "$folder/complete"
  fi
  find "$folder" -name libasound_module_pcm_pipewire.so
}

# Prints the folder of promtool, unpacked into the cache from Debian's package, as that is a service; nothing if it
# cannot be had, with the reason on standard error.
promtool_folder() {
  local folder=$cache/promtool
  if [ ! -e "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; }) >"$folder/log" 2>&1 ||
      { cat "$folder/log" >&2; say "no promtool: Debian's prometheus cannot be had"; return 0; }
    dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" --strip-components=3 ./usr/bin/promtool
    rm -f "$folder"/prometheus_*.deb
    touch "$folder/complete"
  fi
  printf '%s\n' "$folder"
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

# Builds what counts the encryption of frames. Debian's valgrind cannot read this toolchain's debugging information.
build_sealing() {
  choose_opus
  quietly env LINTEL_EMBEDDED=1 LINTEL_SEALING=1 swift build --omit-frame-pointers --package-path "$root" -c release \
    --scratch-path "$root/.build/embedded" --product sealing || die "what counts encryption does not build"
  strip --strip-debug -o "$hotloop/sealing" "$embedded_bin/sealing" || die "no program that counts encryption"
}

build_soundcard() {
  quietly "$root/board/soundcard/build" "$root/.build/soundcard" || die "the simulated sound card did not build"
}

# Builds the wire between network namespaces, and installs what the networks of the tests are made of.
build_wire() {
  need_packages iproute2 nftables coturn tinyproxy build-essential
  mkdir -p "$(dirname "$wire")"
  quietly gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$wire" "$root/Tests/Network/wire.c" || die "the wire did not build"
}

# The releases of Debian that packages are made for, and the one that this machine is.
releases=(bookworm trixie)
own_release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)

# What --release was given, or fails.
is_release() { case " ${releases[*]} " in *" ${1:-} "*) ;; *) say "$(basename "$0"): no release '${1:-}'; there are: ${releases[*]}"; return 1 ;; esac; }
# Debian's number of a release.
release_number() { case "$1" in bookworm) echo 12 ;; trixie) echo 13 ;; esac; }

# An apt state of its own in a folder, for one architecture, kind of package (deb or deb-src) and release (that of this
# machine if none is named), from the Debian mirrors of this machine, whose own lists stay as they are. Sets the array
# `apt` to apt-get with that state, and `apt_options` to its options, which all of apt's programs take.
private_apt() {
  local folder=$1 architecture=$2 kind=${3:-deb} release=${4:-$own_release} key=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$folder/lists/partial" "$folder/archives/partial"
  [ -e "$key" ] && key="[signed-by=$key]" || key=
  apt-cache policy | awk -v "kind=$kind $key" -v "own=$own_release" -v "release=$release" '
    $2 ~ /^https?:/ { place = $2; split($3, part, "/") }
    /o=Debian,/ && part[2] == "main" { sub(own, release, part[1]); print kind, place, part[1], "main" }' | sort -u >"$folder/sources.list"
  [ -s "$folder/sources.list" ] || echo "$kind $key $(debian_mirror) $release main" >"$folder/sources.list"
  : >"$folder/status"
  apt_options=(-q -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State=$folder"
    -o "Dir::State::Status=$folder/status" -o "Dir::Cache=$folder" -o APT::Sandbox::User=root
    -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture")
  apt=(apt-get "${apt_options[@]}")
  "${apt[@]}" update
}

# Prints the mirror that this machine has Debian from.
debian_mirror() {
  local mirror
  mirror=$(sed -n 's/^URIs: *//p; s/^deb \(http[^ ]*\) .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -m 1 '/debian/*$' || true)
  printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

# Lets a small Debian reach the mirrors as this machine does, for its own release.
lend_mirrors() {
  local tree=$1 release=$2 file
  cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
  rm -f "$tree/etc/apt/sources.list"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if grep -qs '/debian' "$file"; then sed "s/$own_release/$release/g" "$file" >"$tree$file"; fi
  done
  for file in /etc/apt/apt.conf.d/*; do
    # Not what keeps the packages of an image from staying.
    if grep -qs '^ *Acquire' "$file" && ! grep -qs 'Post-Invoke' "$file"; then cp "$file" "$tree$file"; fi
  done
}

# The names of what a package depends on, as debootstrap reads them.
dependencies_of() { dpkg-deb -f "$1" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g'; }

# Prints the folder of a small Debian of a release with systemd and the named packages (separated by commas), made once
# in the cache; empty if it cannot be made here, with the reason on standard error.
debian_tree() {
  local release=$1 packages=systemd,systemd-sysv,dbus,udev,ca-certificates${2:+,$2} tree
  tree=$cache/$release-$(sha256sum <<<"$packages" | cut -c1-16)
  if [ ! -e "$tree/complete" ]; then
    [ "$(id -u)" -eq 0 ] || { say "no Debian tree: debootstrap needs root"; return 0; }
    say "making a Debian tree of $release"
    rm -rf "$tree"
    mkdir -p "$cache"
    quietly debootstrap --variant=minbase --include="$packages" "$release" "$tree" "$(debian_mirror)" ||
      { say "no Debian tree: debootstrap failed"; return 0; }
    touch "$tree/complete"
  fi
  printf '%s\n' "$tree"
}
