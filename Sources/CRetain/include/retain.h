// Nothing is called by name: the linker takes what retain.c has in place of the standard library's own.
