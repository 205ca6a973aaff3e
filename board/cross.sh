# What differs between the architectures and releases that are built for on another one. Sourced after lib.sh, never run.

# Sets `triplet` (Debian's name of the platform), `bare` (the triple of the toolchain's Embedded Swift, which has none
# for Linux but that of its own machine) and `clang_target` (what C is compiled for, and code generated for).
cross_names() {
  case "$1" in
    amd64) triplet=x86_64-linux-gnu bare=x86_64-unknown-linux-gnu clang_target=$bare ;;
    arm64) triplet=aarch64-linux-gnu bare=aarch64-none-none-elf clang_target=aarch64-unknown-linux-gnu ;;
    armhf) triplet=arm-linux-gnueabihf bare=armv7-none-none-eabi clang_target=armv7-unknown-linux-gnueabihf ;;
    *) die "no cross build for $1; there are amd64, arm64 and armhf" ;;
  esac
}

# The compiler for it: this machine's own, or Debian's for the other.
need_cross_compiler() {
  if [ "$1" = "$native" ]; then need_packages build-essential; else need_packages "gcc-$triplet" "libc6-dev-$1-cross"; fi
}

# For which architectures programs can be made here.
is_architecture() { case "$1" in "$native" | arm64 | armhf) ;; *) return 1 ;; esac; }

# Prints the folder of a small Debian of another architecture with the named packages (separated by commas), made once
# in the cache; empty if it cannot be made here, with the reason on standard error.
foreign_tree() {
  local architecture=$1 release=$2 packages=systemd,ca-certificates${3:+,$3} tree
  tree=$cache/$release-$architecture-$(sha256sum <<<"$packages" | cut -c1-16)
  if [ ! -e "$tree/complete" ]; then
    [ "$(id -u)" -eq 0 ] || { say "no Debian tree for $architecture: debootstrap needs root"; return 0; }
    say "making a Debian tree of $release for $architecture"
    rm -rf "$tree"
    mkdir -p "$cache"
    quietly debootstrap --foreign --arch="$architecture" --variant=minbase --include="$packages" "$release" "$tree" "$(debian_mirror)" ||
      { say "no Debian tree for $architecture: debootstrap failed"; return 0; }
    rm -f "$tree/proc"
    mkdir -p "$tree/proc" "$tree/sys" "$tree/dev" "$tree/mnt" "$tree/etc/dpkg/dpkg.cfg.d"
    # A tree that is not finished is made anew, so nothing has to reach the disk in between.
    echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # Told that it is in a container, it makes no devices.
    quietly python3 "$root/Tests/Cross/foreign.py" "$architecture" "$tree" env container=lxc \
      /debootstrap/debootstrap --second-stage ||
      { say "no Debian tree for $architecture: its packages cannot be set up here"; return 0; }
    touch "$tree/complete"
  fi
  printf '%s\n' "$tree"
}
