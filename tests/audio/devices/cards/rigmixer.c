/* The mixer of a sound card for the tests: a plugin for libasound.

   Its controls stand in ALSA's configuration, under `rigcards.ID.controls`: pairs of a name and a number, such as
   `"Speaker Playback Volume" 40`. A volume has 0 to 100 steps of half a dB, up to 0 dB. Anything else is a switch.
   Each value that is set is added to the file `rigcards.ID.levels`, one line for each: `Speaker Playback Volume 40`. */

#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <stdio.h>
#include <string.h>

#define MOST 16
#define STEPS 100

static const unsigned int SCALE[] = {SND_CTL_TLVT_DB_SCALE, 2 * sizeof(unsigned int), (unsigned int)-5000, 50};

struct mixer {
    snd_ctl_ext_t ext;
    unsigned int count;
    char names[MOST][64];
    long values[MOST];
    char levels[512];
};

static int is_volume(const char *name)
{
    size_t length = strlen(name);
    return length > 6 && strcmp(name + length - 6, "Volume") == 0;
}

static void mixer_close(snd_ctl_ext_t *ext)
{
    free(ext->private_data);
}

static int elem_count(snd_ctl_ext_t *ext)
{
    struct mixer *mixer = ext->private_data;
    return mixer->count;
}

static int elem_list(snd_ctl_ext_t *ext, unsigned int offset, snd_ctl_elem_id_t *id)
{
    struct mixer *mixer = ext->private_data;
    snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
    snd_ctl_elem_id_set_name(id, mixer->names[offset]);
    return 0;
}

static snd_ctl_ext_key_t find_elem(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id)
{
    struct mixer *mixer = ext->private_data;
    const char *name = snd_ctl_elem_id_get_name(id);
    for (unsigned int at = 0; at < mixer->count; at++)
        if (strcmp(mixer->names[at], name) == 0)
            return at;
    return SND_CTL_EXT_KEY_NOT_FOUND;
}

static int get_attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned int *access, unsigned int *count)
{
    struct mixer *mixer = ext->private_data;
    int volume = is_volume(mixer->names[key]);
    *type = volume ? SND_CTL_ELEM_TYPE_INTEGER : SND_CTL_ELEM_TYPE_BOOLEAN;
    *access = SND_CTL_EXT_ACCESS_READWRITE | (volume ? SND_CTL_EXT_ACCESS_TLV_READ : 0);
    *count = 1;
    return 0;
}

static int get_integer_info(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *low, long *high, long *step)
{
    struct mixer *mixer = ext->private_data;
    *low = 0, *high = is_volume(mixer->names[key]) ? STEPS : 1, *step = 1;
    return 0;
}

static int read_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
    struct mixer *mixer = ext->private_data;
    *value = mixer->values[key];
    return 0;
}

static int write_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
    struct mixer *mixer = ext->private_data;
    FILE *file = fopen(mixer->levels, "a");
    if (file == NULL)
        return -EIO;
    fprintf(file, "%s %ld\n", mixer->names[key], *value);
    fclose(file);
    mixer->values[key] = *value;
    return 1;
}

static int read_event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned int *mask)
{
    (void)ext, (void)id, (void)mask;
    return -EAGAIN;
}

static const snd_ctl_ext_callback_t CALLS = {
    .close = mixer_close,
    .elem_count = elem_count,
    .elem_list = elem_list,
    .find_elem = find_elem,
    .get_attribute = get_attribute,
    .get_integer_info = get_integer_info,
    .read_integer = read_integer,
    .write_integer = write_integer,
    .read_event = read_event,
};

SND_CTL_PLUGIN_DEFINE_FUNC(rigcard)
{
    const char *id = "", *path = "";
    char key[128];
    snd_config_t *found;
    snd_config_iterator_t at, next;
    struct mixer *mixer;
    int code;
    if (snd_config_search(conf, "card", &found) >= 0)
        snd_config_get_string(found, &id);
    snprintf(key, sizeof key, "rigcards.%s.levels", id);
    if (snd_config_search(root, key, &found) < 0)
        return -ENODEV;
    snd_config_get_string(found, &path);
    mixer = calloc(1, sizeof *mixer);
    if (mixer == NULL)
        return -ENOMEM;
    snprintf(mixer->levels, sizeof mixer->levels, "%s", path);
    snprintf(key, sizeof key, "rigcards.%s.controls", id);
    if (snd_config_search(root, key, &found) >= 0)
        snd_config_for_each(at, next, found) {
            const char *text;
            snd_config_t *entry = snd_config_iterator_entry(at);
            if (mixer->count == MOST || snd_config_get_id(entry, &text) < 0)
                break;
            snprintf(mixer->names[mixer->count], sizeof mixer->names[0], "%s", text);
            snd_config_get_integer(entry, &mixer->values[mixer->count++]);
        }
    mixer->ext.version = SND_CTL_EXT_VERSION;
    mixer->ext.card_idx = 0;
    strcpy(mixer->ext.id, "rig");
    strcpy(mixer->ext.driver, "rig");
    strcpy(mixer->ext.name, "a mixer of the tests");
    mixer->ext.poll_fd = -1;
    mixer->ext.callback = &CALLS;
    mixer->ext.private_data = mixer;
    mixer->ext.tlv.p = SCALE;
    code = snd_ctl_ext_create(&mixer->ext, name, mode);
    if (code < 0) {
        free(mixer);
        return code;
    }
    *handlep = mixer->ext.handle;
    return 0;
}
SND_CTL_PLUGIN_SYMBOL(rigcard);
