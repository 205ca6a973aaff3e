"""A feed of packages (board/feed) that the machine is updated from, and the version before this one."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What version 0.1 had as a configuration file of the package.
CONFIGURATION = "etc/lintel/lintel.conf"


class Feed:
    """In the folder `feed` of what the machine shares with this one."""

    def __init__(self, share, keys):
        self.folder, self.keys = pathlib.Path(share) / "feed", keys

    def add(self, package):
        done = subprocess.run([ROOT / "board/feed", self.folder, package, "--keys", self.keys], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def trusted_by(self, machine):
        """As the README tells a board."""
        release = machine.check("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
        machine.check("install", "-D", "-m", "644", "/mnt/share/feed/lintel.asc", "/etc/apt/keyrings/lintel.asc")
        machine.write("/etc/apt/sources.list.d/lintel.sources",
                      f"Types: deb\nURIs: file:/mnt/share/feed\nSuites: {release}\nComponents: main\n"
                      "Signed-By: /etc/apt/keyrings/lintel.asc\n")


# What apt asks when it updates: of all its sources the feed alone, as the others are far away.
FEED_ALONE = ["-o", "Dir::Etc::SourceList=/etc/apt/sources.list.d/lintel.sources", "-o", "Dir::Etc::SourceParts=-",
              "-o", "APT::Get::List-Cleanup=0"]


def version_of(package):
    return subprocess.run(["dpkg-deb", "-f", package, "Version"], check=True, capture_output=True, text=True).stdout.strip()


def previous(package, folder):
    """The same programs as an older version, with a configuration file of the package's as that had one. -> its path"""
    stage = pathlib.Path(folder) / "previous"
    subprocess.run(["dpkg-deb", "-R", package, stage], check=True)
    control = stage / "DEBIAN/control"
    old = "0.0.9+" + version_of(package).split("+")[1]
    control.write_text(control.read_text().replace(f"Version: {version_of(package)}\n", f"Version: {old}\n"))
    (stage / CONFIGURATION).write_bytes((stage / "usr/share/doc/lintel/lintel.conf").read_bytes())
    (stage / "DEBIAN/conffiles").write_text(f"/{CONFIGURATION}\n")
    made = pathlib.Path(folder) / pathlib.Path(package).name.replace(version_of(package), old)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", stage, made], check=True, capture_output=True)
    return made
