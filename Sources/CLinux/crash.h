// What a crash leaves behind: one line on standard error, made of nothing but system calls, then the signal's usual
// end. The numbers are offsets in the program: `addr2line -e` of the unstripped program names the lines.
#pragma once
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

extern const char __executable_start[] __attribute__((weak, visibility("hidden")));
extern const char etext[] __attribute__((weak, visibility("hidden")));

#define LINTEL_CRASH_STACK_BYTES 16384

struct lintel_crash_line {
  char text[640];
  size_t count;
};

static inline void lintel_crash_add(struct lintel_crash_line *line, const char *text) {
  while (*text && line->count < sizeof line->text - 1) line->text[line->count++] = *text++;
}

static inline void lintel_crash_add_hex(struct lintel_crash_line *line, uintptr_t value) {
  char digits[2 * sizeof value + 3];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do *--at = "0123456789abcdef"[value & 15];
  while (value >>= 4);
  *--at = 'x';
  *--at = '0';
  lintel_crash_add(line, at);
}

/// Where in the program; an address in a library says no more than that.
static inline void lintel_crash_add_place(struct lintel_crash_line *line, uintptr_t address) {
  uintptr_t begin = (uintptr_t)__executable_start, end = (uintptr_t)etext;
  if (begin && address >= begin && address < end) {
    lintel_crash_add(line, " +");
    lintel_crash_add_hex(line, address - begin);
  } else {
    lintel_crash_add(line, " library");
  }
}

static inline void lintel_crash_registers(void *context, uintptr_t *place, uintptr_t *frame, uintptr_t *stack) {
  mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
  *place = (uintptr_t)machine->gregs[REG_RIP];
  *frame = (uintptr_t)machine->gregs[REG_RBP];
  *stack = (uintptr_t)machine->gregs[REG_RSP];
#elif defined(__aarch64__)
  *place = machine->pc;
  *frame = machine->regs[29];
  *stack = machine->sp;
#elif defined(__arm__)
  *place = machine->arm_pc;
  *frame = machine->arm_fp;
  *stack = machine->arm_sp;
#else
  (void)machine;
  *place = *frame = *stack = 0;
#endif
}

static void lintel_crashed(int number, siginfo_t *information, void *context) {
  struct lintel_crash_line line = {.count = 0};
  // The journal's stream takes the priority from the line (sd-daemon(3)).
  if (getenv("JOURNAL_STREAM")) lintel_crash_add(&line, "<2>");
  lintel_crash_add(&line, "crashed: ");
  switch (number) {
  case SIGSEGV:
  case SIGBUS:
    lintel_crash_add(&line, number == SIGBUS ? "SIGBUS at address " : "SIGSEGV at address ");
    lintel_crash_add_hex(&line, (uintptr_t)information->si_addr);
    break;
  case SIGABRT: lintel_crash_add(&line, "SIGABRT, from the watchdog or a failed check"); break;
  case SIGFPE: lintel_crash_add(&line, "SIGFPE"); break;
  default: lintel_crash_add(&line, "a check of the program failed (SIGILL or SIGTRAP)");
  }
  char thread[17] = "";
  prctl(PR_GET_NAME, thread);
  lintel_crash_add(&line, ", in thread ");
  lintel_crash_add(&line, thread);
  lintel_crash_add(&line, ", at");
  uintptr_t place, frame, stack;
  lintel_crash_registers(context, &place, &frame, &stack);
  lintel_crash_add_place(&line, place);
#if !defined(__arm__)
  // The callers, by the chain of frame pointers, as far as it stays within this stack.
  lintel_crash_add(&line, ", called from");
  for (int depth = 0; depth < 12 && frame >= stack && frame - stack < 1 << 16 && !(frame & 7); depth++) {
    uintptr_t words[2];
    // The kernel copies, so that a damaged chain is an error and not another crash.
    struct iovec here = {words, sizeof words}, there = {(void *)frame, sizeof words};
    if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)sizeof words) break;
    lintel_crash_add_place(&line, words[1]);
    if (words[0] <= frame) break;
    frame = words[0];
  }
#endif
  line.text[line.count++] = '\n';
  if (write(2, line.text, line.count) < 0) _exit(128 + number);
  raise(number);
}

/// Memory holds keys, tokens and what was said, so none of it is dumped. A limit of 0 stops files alone: the kernel hands
/// a dump to a program (core_pattern `|...`) all the same, but not with a limit of 1 byte (core(5)), which is too little
/// for a file, too. PR_SET_DUMPABLE would do both, but take /proc/self from the daemon's own user.
static inline void lintel_leave_no_dump(void) {
  const struct rlimit least = {.rlim_cur = 1, .rlim_max = 1};
  const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
  if (setrlimit(RLIMIT_CORE, &least) != 0) setrlimit(RLIMIT_CORE, &none);
}

/// From now on a signal that only a crash or a watchdog sends leaves a line before it ends the program. A stack of
/// its own serves where the first thread's has run over.
static inline void lintel_watch_crashes(void) {
  lintel_leave_no_dump();
  stack_t stack = {.ss_sp = malloc(LINTEL_CRASH_STACK_BYTES), .ss_size = LINTEL_CRASH_STACK_BYTES};
  if (stack.ss_sp) sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = lintel_crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) sigaction(numbers[at], &action, NULL);
}
