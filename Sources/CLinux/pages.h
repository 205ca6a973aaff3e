// What starting or joining read of the programs' files and nothing reads again soon.
#pragma once
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static inline int lintel_drop_object(struct dl_phdr_info *object, size_t size, void *keeps_program) {
  (void)size;
  // The program itself is the one without a name.
  if (keeps_program && !object->dlpi_name[0]) return 0;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  // What is no file's (the vDSO) the kernel keeps, whatever it is asked.
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[index];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
    const uintptr_t end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
    // What is locked from its first use on stays so. A kernel before 5.18 lets go of it only while it is not locked.
    if (end > begin && madvise((void *)begin, end - begin, MADV_DONTNEED_LOCKED) != 0)
      madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  return 0;
}

// Read-only pages of files come back from there when they are used.
static inline void lintel_drop_pages(int keeps_program) {
  static int yes;
  dl_iterate_phdr(lintel_drop_object, keeps_program ? &yes : NULL);
}
