/* A sound card for the tests: a plugin for libasound.

   What the card can do stands in ALSA's configuration, under `rigcards.ID.capture.DEVICE` and
   `rigcards.ID.playback.DEVICE`:

     formats, rates, channel_counts   lists, all of which the card lists
     least_rate, most_rate            instead of `rates`: all rates between these
     period_bytes, buffer_bytes       pairs of the least and the most, in bytes
     periods                          the same, as a number of periods
     refused_rates, refused_formats, refused_channels
                                      what it lists and refuses when it is set, with `refused_errno`
     dead                             channels of a microphone that carry nothing but zeros, counted from 0
     open_errno, open_ms, set_ms      an error at the opening; how long the opening and the setting take
     record                           a file that gets what is played
     trouble                          a file that says what does not work at the moment (see below)

   Each call looks into that file. A line `STAGE NUMBER` makes the call fail with this error number. `STAGE hang` keeps the
   call from returning as long as the line is there, and `STAGE kernel` does so in an uninterruptible sleep. The stages:
   open, set, prepare, start, transfer, wait, delay, stop, close. While a call hangs, the orderly end of the process waits
   for it, as with some libraries. A card that starts while there is a line `clock 1` neither delivers nor plays anything.
   While there is a line `quiet 1`, a microphone delivers nothing but zeros.

   A microphone counts: the 16 highest bits of each sample are ((frame * 7) % 30000) - 15000, the same on every
   channel. Its clock is the machine's. It never runs over, so that a busy machine changes no test. */

#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST 32
#define TICK_NS 2000000L

struct list {
    unsigned int values[MOST];
    unsigned int count;
};

struct card {
    snd_pcm_ioplug_t plug;
    int timer, record, running, still;
    long refused_errno, set_ms;
    char trouble[256];
    struct list rates, formats, channels, refused_rates, refused_formats, refused_channels, dead;
    struct timespec began;
    uint64_t moved; /* frames since it was opened, for the counting */
    uint64_t since; /* frames that were moved before `began` */
};

static void pause_ms(long ms)
{
    struct timespec span = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&span, NULL);
}

#define HANG 1000000000L
#define KERNEL 1000000001L

/* What the file says about this stage: 0: nothing; it hangs; it hangs in the kernel; else a result. */
static long said_of(const char *path, const char *stage)
{
    char name[32], what[32];
    long said = 0;
    FILE *file = *path ? fopen(path, "re") : NULL;
    if (file == NULL)
        return 0;
    while (fscanf(file, "%31s %31s", name, what) == 2)
        if (strcmp(name, stage) == 0)
            said = strcmp(what, "hang") == 0 ? HANG : strcmp(what, "kernel") == 0 ? KERNEL : -atol(what);
    fclose(file);
    return said;
}

static pthread_rwlock_t hanging = PTHREAD_RWLOCK_INITIALIZER;

__attribute__((destructor)) static void at_the_end(void)
{
    pthread_rwlock_wrlock(&hanging);
}

static int trouble(const char *path, const char *stage)
{
    long said = said_of(path, stage);
    if (said == HANG || said == KERNEL)
        pthread_rwlock_rdlock(&hanging);
    if (said == KERNEL && vfork() == 0) { /* the kernel holds this thread until the child ends */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (said_of(path, stage) == KERNEL)
            pause_ms(10);
        _exit(0);
    }
    while (said == HANG && said_of(path, stage) == HANG)
        pause_ms(10);
    if (said == HANG || said == KERNEL)
        pthread_rwlock_unlock(&hanging);
    return said == HANG || said == KERNEL ? 0 : (int)said;
}

static int holds(const struct list *list, unsigned int value)
{
    for (unsigned int at = 0; at < list->count; at++)
        if (list->values[at] == value)
            return 1;
    return 0;
}

static int card_start(snd_pcm_ioplug_t *plug)
{
    struct card *card = plug->private_data;
    struct itimerspec ticks = {{0, TICK_NS}, {0, TICK_NS}};
    int code = trouble(card->trouble, "start");
    if (code)
        return code;
    clock_gettime(CLOCK_MONOTONIC, &card->began);
    card->since = plug->stream == SND_PCM_STREAM_CAPTURE ? card->moved : 0;
    card->running = 1;
    card->still = said_of(card->trouble, "clock") != 0;
    if (card->still) /* no interrupts, either: ALSA would wait for their end without any limit */
        memset(&ticks, 0, sizeof ticks);
    return timerfd_settime(card->timer, 0, &ticks, NULL) < 0 ? -errno : 0;
}

static int card_stop(snd_pcm_ioplug_t *plug)
{
    struct card *card = plug->private_data;
    struct itimerspec never = {{0, 0}, {0, 0}};
    int code = trouble(card->trouble, "stop");
    if (code)
        return code;
    card->running = 0;
    card->since = card->moved;
    return timerfd_settime(card->timer, 0, &never, NULL) < 0 ? -errno : 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *plug)
{
    struct card *card = plug->private_data;
    struct timespec now;
    uint64_t passed, most;
    if (!card->running || card->still)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    passed = (uint64_t)(now.tv_sec - card->began.tv_sec) * plug->rate;
    passed += (int64_t)(now.tv_nsec - card->began.tv_nsec) * (int64_t)plug->rate / 1000000000L;
    most = card->moved - card->since;
    if (plug->stream == SND_PCM_STREAM_CAPTURE)
        most += plug->buffer_size - 1;
    return passed < most ? passed : most;
}

static char *sample_at(const snd_pcm_channel_area_t *area, snd_pcm_uframes_t frame)
{
    return (char *)area->addr + (area->first + frame * area->step) / 8;
}

static void put(char *at, snd_pcm_format_t format, int16_t value)
{
    int32_t whole = value;
    float part = value / 32768.0f;
    switch (format) {
    case SND_PCM_FORMAT_S16_LE:
        memcpy(at, &value, 2);
        return;
    case SND_PCM_FORMAT_S16_BE:
        at[0] = value >> 8, at[1] = value;
        return;
    case SND_PCM_FORMAT_U8:
        *at = (value >> 8) ^ 0x80;
        return;
    case SND_PCM_FORMAT_S24_LE:
        whole *= 256;
        memcpy(at, &whole, 4);
        return;
    case SND_PCM_FORMAT_S24_3LE:
        at[0] = 0, at[1] = value, at[2] = value >> 8;
        return;
    case SND_PCM_FORMAT_S24_3BE:
        at[0] = value >> 8, at[1] = value, at[2] = 0;
        return;
    case SND_PCM_FORMAT_FLOAT_LE:
        memcpy(at, &part, 4);
        return;
    default:
        whole *= 65536;
        memcpy(at, &whole, 4);
    }
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *plug, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t frames)
{
    struct card *card = plug->private_data;
    size_t width = snd_pcm_format_physical_width(plug->format) / 8;
    int code = trouble(card->trouble, "transfer");
    int quiet = said_of(card->trouble, "quiet") != 0;
    if (code)
        return code;
    for (snd_pcm_uframes_t frame = 0; frame < frames; frame++) {
        int16_t value = (int16_t)((card->moved + frame) * 7 % 30000) - 15000;
        for (unsigned int channel = 0; channel < plug->channels; channel++) {
            char *at = sample_at(&areas[channel], offset + frame);
            if (plug->stream == SND_PCM_STREAM_CAPTURE)
                put(at, plug->format, quiet || holds(&card->dead, channel) ? 0 : value);
            else if (card->record >= 0 && write(card->record, at, width) < 0)
                return -EIO;
        }
    }
    card->moved += frames;
    return frames;
}

static int card_set(snd_pcm_ioplug_t *plug, snd_pcm_hw_params_t *params)
{
    struct card *card = plug->private_data;
    int code = trouble(card->trouble, "set");
    (void)params;
    if (code)
        return code;
    pause_ms(card->set_ms);
    if (holds(&card->refused_rates, plug->rate) || holds(&card->refused_formats, plug->format)
        || holds(&card->refused_channels, plug->channels))
        return -card->refused_errno;
    return 0;
}

static int card_prepare(snd_pcm_ioplug_t *plug)
{
    struct card *card = plug->private_data;
    int code = trouble(card->trouble, "prepare");
    if (code == 0)
        card->running = 0;
    return code;
}

static int card_delay(snd_pcm_ioplug_t *plug, snd_pcm_sframes_t *delay)
{
    struct card *card = plug->private_data;
    snd_pcm_sframes_t ready;
    int code = trouble(card->trouble, "delay");
    if (code)
        return code;
    ready = snd_pcm_avail_update(plug->pcm);
    if (ready < 0)
        return ready;
    *delay = plug->stream == SND_PCM_STREAM_CAPTURE ? ready : (snd_pcm_sframes_t)plug->buffer_size - ready;
    return 0;
}

static int card_revents(snd_pcm_ioplug_t *plug, struct pollfd *fds, unsigned int count, unsigned short *revents)
{
    struct card *card = plug->private_data;
    int plays = plug->stream == SND_PCM_STREAM_PLAYBACK;
    uint64_t ticks;
    snd_pcm_sframes_t ready;
    int code = trouble(card->trouble, "wait");
    (void)count;
    if (code)
        return code;
    if (fds->revents & POLLIN && read(card->timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
        return -errno;
    ready = snd_pcm_avail_update(plug->pcm);
    *revents = ready < 0 || ready >= (plays ? 1 : (snd_pcm_sframes_t)plug->period_size) ? (plays ? POLLOUT : POLLIN) : 0;
    return 0;
}

static int card_close(snd_pcm_ioplug_t *plug)
{
    struct card *card = plug->private_data;
    trouble(card->trouble, "close");
    close(card->timer);
    if (card->record >= 0)
        close(card->record);
    free(card);
    return 0;
}

static const snd_pcm_ioplug_callback_t CALLS = {
    .start = card_start,
    .stop = card_stop,
    .pointer = card_pointer,
    .transfer = card_transfer,
    .hw_params = card_set,
    .prepare = card_prepare,
    .delay = card_delay,
    .poll_revents = card_revents,
    .close = card_close,
};

static void read_list(snd_config_t *node, struct list *list)
{
    snd_config_iterator_t at, next;
    list->count = 0;
    snd_config_for_each(at, next, node) {
        const char *text;
        long number;
        snd_config_t *entry = snd_config_iterator_entry(at);
        if (list->count == MOST)
            return;
        if (snd_config_get_integer(entry, &number) >= 0)
            list->values[list->count++] = number;
        else if (snd_config_get_string(entry, &text) >= 0)
            list->values[list->count++] = snd_pcm_format_value(text);
    }
}

static long read_number(snd_config_t *node, const char *key)
{
    snd_config_t *found;
    long number = 0;
    if (snd_config_search(node, key, &found) >= 0)
        snd_config_get_integer(found, &number);
    return number;
}

static void read_named(snd_config_t *node, const char *key, struct list *list)
{
    snd_config_t *found;
    if (snd_config_search(node, key, &found) >= 0)
        read_list(found, list);
}

static int limit_size(snd_pcm_ioplug_t *plug, snd_config_t *node, const char *key, int type, unsigned int least,
                      unsigned int most)
{
    struct list pair = {{0}, 0};
    read_named(node, key, &pair);
    if (pair.count == 2)
        least = pair.values[0], most = pair.values[1];
    return snd_pcm_ioplug_set_param_minmax(plug, type, least, most);
}

static int limit(struct card *card, snd_config_t *node)
{
    static const unsigned int access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    snd_pcm_ioplug_t *plug = &card->plug;
    int code = snd_pcm_ioplug_set_param_list(plug, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
    if (code >= 0)
        code = snd_pcm_ioplug_set_param_list(plug, SND_PCM_IOPLUG_HW_FORMAT, card->formats.count, card->formats.values);
    if (code >= 0)
        code = snd_pcm_ioplug_set_param_list(plug, SND_PCM_IOPLUG_HW_CHANNELS, card->channels.count, card->channels.values);
    if (code >= 0 && card->rates.count)
        code = snd_pcm_ioplug_set_param_list(plug, SND_PCM_IOPLUG_HW_RATE, card->rates.count, card->rates.values);
    else if (code >= 0)
        code = snd_pcm_ioplug_set_param_minmax(plug, SND_PCM_IOPLUG_HW_RATE, read_number(node, "least_rate"),
                                               read_number(node, "most_rate"));
    if (code >= 0)
        code = limit_size(plug, node, "period_bytes", SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 1 << 18);
    if (code >= 0)
        code = limit_size(plug, node, "buffer_bytes", SND_PCM_IOPLUG_HW_BUFFER_BYTES, 1024, 1 << 20);
    if (code >= 0)
        code = limit_size(plug, node, "periods", SND_PCM_IOPLUG_HW_PERIODS, 2, 128);
    return code;
}

SND_PCM_PLUGIN_DEFINE_FUNC(rigcard)
{
    const char *id = "", *device = "", *path;
    char key[128], broken[256] = "";
    snd_config_t *found, *entry;
    struct card *card;
    int code;
    if (snd_config_search(conf, "card", &found) >= 0)
        snd_config_get_string(found, &id);
    if (snd_config_search(conf, "device", &found) >= 0)
        snd_config_get_string(found, &device);
    snprintf(key, sizeof key, "rigcards.%s.%s.%s", id, stream == SND_PCM_STREAM_CAPTURE ? "capture" : "playback", device);
    if (snd_config_search(root, key, &found) < 0)
        return -ENOENT;
    if (snd_config_search(found, "trouble", &entry) >= 0 && snd_config_get_string(entry, &path) >= 0)
        snprintf(broken, sizeof broken, "%s", path);
    code = trouble(broken, "open");
    if (code)
        return code;
    pause_ms(read_number(found, "open_ms"));
    if (read_number(found, "open_errno"))
        return -read_number(found, "open_errno");
    card = calloc(1, sizeof *card);
    if (card == NULL)
        return -ENOMEM;
    read_named(found, "rates", &card->rates);
    read_named(found, "formats", &card->formats);
    read_named(found, "channel_counts", &card->channels);
    read_named(found, "refused_rates", &card->refused_rates);
    read_named(found, "refused_formats", &card->refused_formats);
    read_named(found, "refused_channels", &card->refused_channels);
    read_named(found, "dead", &card->dead);
    card->refused_errno = read_number(found, "refused_errno");
    card->set_ms = read_number(found, "set_ms");
    memcpy(card->trouble, broken, sizeof broken);
    card->record = -1;
    if (snd_config_search(found, "record", &entry) >= 0 && snd_config_get_string(entry, &path) >= 0)
        card->record = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    card->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    card->plug.version = SND_PCM_IOPLUG_VERSION;
    card->plug.name = "a card of the tests";
    card->plug.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA; /* a pause of the machine may be longer than the buffer */
    card->plug.callback = &CALLS;
    card->plug.private_data = card;
    card->plug.poll_fd = card->timer;
    card->plug.poll_events = POLLIN;
    code = snd_pcm_ioplug_create(&card->plug, name, stream, mode);
    if (code < 0) {
        card_close(&card->plug);
        return code;
    }
    code = limit(card, found);
    if (code < 0) {
        snd_pcm_ioplug_delete(&card->plug);
        return code;
    }
    *pcmp = card->plug.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(rigcard);
