"""What can be done with any machine that has a `run`, which runs a command as its root."""


class Shell:
    def check(self, *command, **options):
        result = self.run(*command, **options)
        assert result.status == 0, f"{' '.join(map(str, command))}: {result!r}"
        return result.output

    def write(self, path, text, mode=0o644):
        self.check("sh", "-c", f"umask 077; cat > {path}; chmod {mode:o} {path}", text=text)
