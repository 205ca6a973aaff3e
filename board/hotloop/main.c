// A call without a board: speech.s16 -> uplink -> packets -> a seeded network -> downlink -> heard.s16, period by
// period, and every packet sent into sent.bin. Prints one "name value" a line. Files lie in the current folder.
#define _GNU_SOURCE
#include "hotloop.h"

#include <fcntl.h>
#include <malloc.h>
#include <opus/opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifndef __riscv
#include <pthread.h>
#endif

enum { NETWORK_SEED = 20240607, LOSS_PERMILLE = 50, JITTER_MS = 60, BITS_PER_SECOND = 16000, COMPLEXITY = 0 };

#ifdef __riscv
// The rig's own memory lies beyond the microcontroller's, so that the RAM map holds the engine alone.
#define RIG_MEMORY ((void *)0x81000000)
extern char __data_start[], __bss_end[], __heap_start[], __stack[];
extern void *sbrk(ptrdiff_t);
static long heap_used(void) { return (char *)sbrk(0) - __heap_start; }

enum { PAINT = 0x5a };
/// From the heap's begin up to this function's own frame; the heap grows over it from below.
static void paint_stack(void) {
  char *own = (char *)__builtin_frame_address(0) - 256;
  for (char *at = __heap_start; at < own; at++) *at = PAINT;
}
static long painted_over(void) {
  char *at = sbrk(0);
  while (at < __stack && *at == PAINT) at++;
  return __stack - at;
}
#else
static long long rig_memory[16384];
#define RIG_MEMORY ((void *)rig_memory)
static long heap_used(void) { return 0; }
static void paint_stack(void) {}
#endif

static int file(const char *name, int flags) {
  int descriptor = open(name, flags, 0644);
  if (descriptor < 0) {
    printf("failed cannot open %s\n", name);
    exit(1);
  }
  return descriptor;
}

static void keep(int descriptor, const void *bytes, size_t count) {
  if (write(descriptor, bytes, count) != (ssize_t)count) {
    printf("failed cannot write\n");
    exit(1);
  }
}

static void figure(const char *name, uint64_t value) {
  // printf of 64-bit values costs a microcontroller's library a lot; the figures fit in two words of nine digits.
  uint32_t high = (uint32_t)(value / 1000000000u), low = (uint32_t)(value % 1000000000u);
  if (high) printf("%s %lu%09lu\n", name, (unsigned long)high, (unsigned long)low);
  else printf("%s %lu\n", name, (unsigned long)low);
}

#ifdef __riscv
static int repeat(int argc, char **argv) {
  (void)argc, (void)argv;
  return 1;
}
static void make_mistake(void) {}
static void call_thread(const char *name) { (void)name; }
#else
// hotloop [TIMES [allocation|lock|call]]: the speech again and again, and a mistake in every second of it, to see that
// interpose.c notices.
static const char *mistake = "";
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int repeat(int argc, char **argv) {
  if (argc > 2) mistake = argv[2];
  return argc > 1 ? atoi(argv[1]) : 1;
}
static void make_mistake(void) {
  static void *volatile allocated;
  if (!strcmp(mistake, "allocation")) free(allocated = malloc(16));
  if (!strcmp(mistake, "call")) (void)!access("/", F_OK);
  if (!strcmp(mistake, "lock")) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}
static void call_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
#endif

int main(int argc, char **argv) {
  int times = repeat(argc, argv);
  paint_stack();
  int speech = file("speech.s16", O_RDONLY);
  int heard = file("heard.s16", O_WRONLY | O_CREAT | O_TRUNC);
  int sent = file("sent.bin", O_WRONLY | O_CREAT | O_TRUNC);
  struct network *network = RIG_MEMORY;
  network_start(network, NETWORK_SEED, LOSS_PERMILLE, JITTER_MS);
  struct packet *packet = (struct packet *)((char *)RIG_MEMORY + network_bytes());

  long heap_before = heap_used();
  void *uplink = engine_uplink(BITS_PER_SECOND, COMPLEXITY);
  long heap_uplink = heap_used();
  void *downlink = engine_downlink(1);
  long heap_downlink = heap_used();
  if (!uplink || !downlink) {
    printf("failed the engine does not start\n");
    return 1;
  }

  static int16_t period[PERIOD_SAMPLES];
  uint32_t periods = 0, packets = 0, bytes = 0;
  uint64_t begin;
  call_thread("lintel-audio");
  for (;;) {
    if (read(speech, period, sizeof period) != sizeof period) {
      if (--times <= 0) break;
      lseek(speech, 0, SEEK_SET);
      lseek(heard, 0, SEEK_SET);
      lseek(sent, 0, SEEK_SET);
      continue;
    }
    if (periods % 100 == 0) make_mistake();
    uint32_t now_ms = periods * 10;
    begin = meter_now();
    int ready = engine_capture(uplink, period);
    meter_add(STAGE_CAPTURE, begin);
    while (ready) {
      begin = meter_now();
      ready = engine_pop(uplink, packet);
      meter_add(STAGE_POP, begin);
      if (!ready) break;
      packet->sequence = (uint16_t)packets++;
      bytes += packet->bytes;
      keep(sent, packet->payload, packet->bytes);
      network_send(network, packet, now_ms);
    }
    const struct packet *arrived;
    while ((arrived = network_receive(network, now_ms)) != NULL) {
      begin = meter_now();
      engine_push(downlink, 0, arrived);
      meter_add(STAGE_PUSH, begin);
    }
    begin = meter_now();
    engine_play(downlink, period, now_ms);
    meter_add(STAGE_PLAY, begin);
    keep(heard, period, sizeof period);
    if (++periods % 2 == 0) meter_frame();
  }

  call_thread("hotloop");
  figure("periods", periods);
  figure("packets_sent", packets);
  figure("bytes_sent", bytes);
  static const char *const counts[] = {"received", "lost", "recovered", "late", "concealed_ms"};
  for (int n = 0; n < COUNT_END; n++) figure(counts[n], (uint64_t)engine_count(downlink, n));
  static const char *const stages[] = {"capture", "pop", "push", "play", "encode", "decode"};
  for (int n = 0; n < STAGE_END; n++) {
    printf("instructions_");
    figure(stages[n], meter_total(n));
  }
  figure("instructions_engine_worst", meter_engine_worst());
  figure("instructions_all_worst", meter_all_worst());
  figure("bytes_encoder", (uint64_t)opus_encoder_get_size(1));
  figure("bytes_decoder", (uint64_t)opus_decoder_get_size(1));
  figure("bytes_preconnect", PRECONNECT_MS * 16 * 2);
  figure("bytes_heap_uplink", (uint64_t)(heap_uplink - heap_before));
  figure("bytes_heap_downlink", (uint64_t)(heap_downlink - heap_uplink));
#ifdef __riscv
  figure("bytes_heap", (uint64_t)heap_used());
  figure("bytes_static", (uint64_t)(__bss_end - __data_start));
  figure("bytes_stack", (uint64_t)painted_over());
#endif
  printf("complete 1\n");
  return 0;
}
