// A mixer of one volume (0 to 40) and one switch, "Speaker", that stand in the file that `file` names; a second one of
// that name, in that file with `.1`, tells its decibels: -40 to 0.
#define PIC 1
#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <stdio.h>
#include <unistd.h>

enum { VOLUME, SWITCH, VOLUME_1, SWITCH_1, CONTROLS };
static const char *const names[2] = {"Speaker Playback Volume", "Speaker Playback Switch"};
static const unsigned int decibels[] = {SND_CTL_TLVT_DB_SCALE, 8, (unsigned int)-4000, 100};

struct mixer {
  snd_ctl_ext_t ext;
  char file[512];
  long values[CONTROLS];
};

static int count(snd_ctl_ext_t *ext) { return (void)ext, CONTROLS; }
static int list(snd_ctl_ext_t *ext, unsigned int offset, snd_ctl_elem_id_t *id) {
  (void)ext;
  snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
  snd_ctl_elem_id_set_name(id, names[offset & 1]);
  snd_ctl_elem_id_set_index(id, offset >> 1);
  return 0;
}
static snd_ctl_ext_key_t find(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id) {
  (void)ext;
  for (int n = 0; n < CONTROLS; n++)
    if (strcmp(snd_ctl_elem_id_get_name(id), names[n & 1]) == 0 && (int)snd_ctl_elem_id_get_index(id) == n >> 1)
      return (snd_ctl_ext_key_t)n;
  return SND_CTL_EXT_KEY_NOT_FOUND;
}
static int attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned int *access, unsigned int *count) {
  (void)ext;
  *type = !(key & 1) ? SND_CTL_ELEM_TYPE_INTEGER : SND_CTL_ELEM_TYPE_BOOLEAN;
  *access = SND_CTL_EXT_ACCESS_READWRITE | (key == VOLUME_1 ? SND_CTL_EXT_ACCESS_TLV_READ : 0);
  *count = 1;
  return 0;
}
static int range(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *least, long *most, long *step) {
  (void)ext, (void)key;
  *least = 0, *most = 40, *step = 1;
  return 0;
}
static int get(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) {
  *value = ((struct mixer *)ext->private_data)->values[key];
  return 0;
}
static int set(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) {
  struct mixer *mixer = ext->private_data;
  char hung[sizeof mixer->file + 8];
  snprintf(hung, sizeof hung, "%s.hung", mixer->file);
  while (access(hung, F_OK) == 0) usleep(10000);
  mixer->values[key] = *value;
  char file[520];
  snprintf(file, sizeof file, "%s%s", mixer->file, key >= VOLUME_1 ? ".1" : "");
  FILE *f = fopen(file, "w");
  if (!f) return -EIO;
  fprintf(f, "%ld %ld\n", mixer->values[key & ~1UL], mixer->values[key | 1]);
  fclose(f);
  return 1;
}
static int no_event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned int *mask) {
  return (void)ext, (void)id, (void)mask, -EAGAIN;
}
static void end(snd_ctl_ext_t *ext) { free(ext->private_data); }

static const snd_ctl_ext_callback_t calls = {
    .close = end, .elem_count = count, .elem_list = list, .find_elem = find, .get_attribute = attribute,
    .get_integer_info = range, .read_integer = get, .write_integer = set, .read_event = no_event};

SND_CTL_PLUGIN_DEFINE_FUNC(standin) {
  (void)root;
  struct mixer *mixer = calloc(1, sizeof *mixer);
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t *node = snd_config_iterator_entry(i);
    const char *id, *text;
    if (snd_config_get_id(node, &id) == 0 && strcmp(id, "file") == 0 && snd_config_get_string(node, &text) == 0)
      snprintf(mixer->file, sizeof mixer->file, "%s", text);
  }
  mixer->ext.version = SND_CTL_EXT_VERSION;
  mixer->ext.card_idx = 0;
  strcpy(mixer->ext.id, "standin");
  strcpy(mixer->ext.driver, "standin");
  strcpy(mixer->ext.name, "Stand-in");
  strcpy(mixer->ext.longname, "Stand-in");
  strcpy(mixer->ext.mixername, "Stand-in");
  mixer->ext.poll_fd = -1;
  mixer->ext.callback = &calls;
  mixer->ext.private_data = mixer;
  mixer->ext.tlv.p = decibels;
  int code = snd_ctl_ext_create(&mixer->ext, name, mode);
  if (code < 0) return code;
  *handlep = mixer->ext.handle;
  return 0;
}
SND_CTL_PLUGIN_SYMBOL(standin);
