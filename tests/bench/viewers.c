/* Many viewers in one thread: opens WebSockets, reads what comes, measures how late it is. Driven by lines on stdin.
 *
 * viewers PORT MODE PATH WATCH CHECK
 *   WATCH  what a viewer asks for, @ stands for its number; of Socket.IO: packets, one a line, none: it only connects
 *   MODE   ws: handshake, WATCH, frames; raw: frames from the first byte; socketio: Engine.IO 4 over its WebSocket
 *   WATCH  the text sent after the handshake, with the viewer's number for each '@'; a viewer that comes back adds "since"
 *   CHECK  1: look at every point: its value must be the one before plus 1, its time is when it was sent
 * It looks at its sockets once a millisecond, so that a send does not pay for waking it up, as it does not when viewers
 * are on other machines; all times are late by up to that.
 * Commands, each answered by one line of JSON:
 *   open N KIND  N more viewers; KIND 0: measured; 1: with small buffers, as over an Ethernet, and not measured
 *   stall, drop  stop reading, close: all viewers of KIND 1
 *   cut          close every viewer without a close frame and come back with its position
 *   report       what came since the last report; lateness is arrival minus as_of, age arrival minus a point's time
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_FLIGHT = 128, SIDS = 8, TICKS = 200000, BUFFER = 1 << 24, VIEWERS = 16384, EVENTS = 512, NAP_US = 1000 };
enum State { FREE, CONNECTING, SHAKING, WAITING, READY, STALLED, COMING_BACK };

typedef struct {
    int fd, kind;
    enum State state;
    char position[64];
    long long sids[SIDS], last[SIDS];
    char *rest;
    size_t rest_len;
} Viewer;

typedef struct {
    unsigned counts[TICKS + 1]; /* tenths of a millisecond */
    long long total;
} Times;

static struct {
    long long frames, bytes, gaps, duplicates, missing, errors, closed, resumed;
    int close_code;
} seen;
static Times late, age;
static Viewer viewers[VIEWERS];
static int viewer_count, poller, in_flight, to_open, to_come_back, waited_for, open_kind, failed;
static const char *pending, *path, *watch;
static enum { WS, RAW, SOCKETIO } mode;
static int check;
static double began_s, cpu_began_s;
static struct sockaddr_in address;
static char buffer[BUFFER];

static double now_s(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void note(Times *times, double ms) {
    long at = ms <= 0 ? 0 : (long)(ms * 10);
    times->counts[at > TICKS ? TICKS : at]++;
    times->total++;
}

static double quantile(const Times *times, double q) {
    long long rank = (long long)(q * times->total), sum = 0;
    for (int at = 0; at <= TICKS; at++)
        if ((sum += times->counts[at]) > rank || (sum == times->total && sum)) return at / 10.0;
    return 0;
}

static void print_times(const char *name, Times *times) {
    printf("\"%s\":{\"count\":%lld,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},", name,
           times->total, quantile(times, 0.5), quantile(times, 0.9), quantile(times, 0.99), quantile(times, 0.999),
           quantile(times, 1));
    memset(times, 0, sizeof *times);
}

static void report(void) {
    int ready = 0;
    for (int i = 0; i < viewer_count; i++) ready += viewers[i].state == READY;
    double cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    putchar('{');
    print_times("late", &late);
    print_times("age", &age);
    printf("\"frames\":%lld,\"bytes\":%lld,\"gaps\":%lld,\"duplicates\":%lld,\"missing\":%lld,\"errors\":%lld,"
           "\"closed\":%lld,\"close_code\":%d,\"ready\":%d,\"cpu_s\":%.6f}\n",
           seen.frames, seen.bytes, seen.gaps, seen.duplicates, seen.missing, seen.errors, seen.closed, seen.close_code,
           ready, cpu - cpu_began_s);
    cpu_began_s = cpu;
    memset(&seen, 0, sizeof seen);
}

static void finish(void) { /* one of those that the pending command waits for is done */
    if (pending && --waited_for == 0) {
        printf("{\"done\":\"%s\",\"seconds\":%.4f,\"failed\":%d,\"resumed\":%lld}\n", pending,
               now_s(CLOCK_MONOTONIC) - began_s, failed, seen.resumed);
        pending = NULL;
    }
}

static void hang_up(Viewer *v, enum State next) {
    if (v->state == CONNECTING || v->state == SHAKING || v->state == WAITING) {
        in_flight--;
        if (next == FREE) failed++, finish();
    }
    close(v->fd);
    free(v->rest);
    v->rest = NULL;
    v->rest_len = 0;
    v->state = next;
}

static void ready(Viewer *v) {
    if (v->state != WAITING && v->state != CONNECTING) return;
    v->state = READY;
    in_flight--;
    finish();
}

static void send_all(Viewer *v, const char *data, size_t length) {
    if (send(v->fd, data, length, MSG_NOSIGNAL) != (ssize_t)length) seen.errors++;
}

static void send_frame(Viewer *v, int opcode, const char *text, size_t length) { /* masked with zeros */
    char out[1100];
    size_t head = 2;
    out[0] = (char)(0x80 | opcode);
    if (length < 126) {
        out[1] = (char)(0x80 | length);
    } else {
        out[1] = (char)(0x80 | 126), out[2] = (char)(length >> 8), out[3] = (char)length;
        head = 4;
    }
    memset(out + head, 0, 4);
    memcpy(out + head + 4, text, length);
    send_all(v, out, head + 4 + length);
}

static void connect_viewer(Viewer *v) {
    int on = 1, small = 16384, segment = 1400;
    v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (v->kind == 1) {
        setsockopt(v->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        setsockopt(v->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    v->state = CONNECTING;
    in_flight++;
    if (connect(v->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        return hang_up(v, FREE);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = v};
    epoll_ctl(poller, EPOLL_CTL_ADD, v->fd, &event);
}

static void connected(Viewer *v) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
    epoll_ctl(poller, EPOLL_CTL_MOD, v->fd, &event);
    if (mode == RAW) return ready(v);
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          path, ntohs(address.sin_port));
    v->state = SHAKING;
    send_all(v, request, (size_t)length);
}

static void say_watch(Viewer *v) {
    char text[900];
    size_t length = 0;
    v->state = WAITING;
    if (mode == SOCKETIO) return;
    for (const char *from = watch; *from && length < sizeof text - 100; from++)
        if (*from == '@')
            length += (size_t)sprintf(text + length, "%d", (int)(v - viewers));
        else
            text[length++] = *from;
    if (v->position[0]) length += (size_t)sprintf(text + length - 1, ",\"since\":\"%s\"}", v->position) - 1;
    send_frame(v, 1, text, length);
}

static void say_packets(Viewer *v) { /* of Socket.IO: the lines of WATCH; the answer to callback 1 makes it ready */
    char text[900];
    size_t length = 0;
    for (const char *from = watch;; from++) {
        if (*from == '@') {
            length += (size_t)sprintf(text + length, "%d", (int)(v - viewers));
        } else if (*from == '\n' || !*from) {
            send_frame(v, 1, text, length);
            length = 0;
            if (!*from) return;
        } else if (length < sizeof text - 20) {
            text[length++] = *from;
        }
    }
}

static const char *field(const char *text, size_t length, const char *name) { /* where its value begins */
    size_t size = strlen(name);
    const char *found = memmem(text, length < 300 ? length : 300, name, size);
    return found ? found + size : NULL;
}

static int place_of(Viewer *v, long long sid) { /* numbers of series are hashes: the first SIDS met have places */
    int place = 0;
    while (place < SIDS - 1 && v->sids[place] && v->sids[place] != sid) place++;
    v->sids[place] = sid;
    return place;
}

static void check_points(Viewer *v, const char *text, size_t length, double now_ms) {
    const char *at = memmem(text, length, "\"points\":[[", 11);
    if (!at) return;
    at += 10;
    while (*at == '[') { /* [sid,[t,…],[v,…]] */
        char *next;
        int sid = place_of(v, strtoll(at + 1, &next, 10));
        for (at = next + 1; *at != ']'; at = next) note(&age, now_ms - (double)strtoll(at + 1, &next, 10));
        for (at += 2; *at != ']'; at = next) {
            long long value = (long long)strtod(at + 1, &next), before = v->last[sid];
            if (before >= 0 && value <= before) seen.duplicates++;
            if (before >= 0 && value > before + 1) seen.missing += value - before - 1;
            if (value > before) v->last[sid] = value;
        }
        if (*++at == ',') at = strchr(at, ']'); /* made fewer: how many there were */
        if (*++at == ',') at++;
    }
}

static void take_text(Viewer *v, const char *text, size_t length) {
    double now_ms = now_s(CLOCK_REALTIME) * 1000;
    if (mode == SOCKETIO) {
        if (text[0] == '0') send_frame(v, 1, "40", 2);
        if (text[0] == '2') send_frame(v, 1, "3", 1);
        if (length > 1 && text[0] == '4' && text[1] == '0') {
            if (*watch)
                say_packets(v);
            else
                ready(v);
        }
        if (length > 3 && !memcmp(text, "431[", 4)) {
            if (memmem(text, length, "while away", 10)) seen.resumed++;
            ready(v);
        }
        if (length > 1 && text[0] == '4' && text[1] == '2') seen.frames++, seen.bytes += (long long)length;
        return;
    }
    const char *type = field(text, length, "\"type\":\""), *as_of = field(text, length, "\"as_of\":");
    if (!type) return;
    if (*type == 's' || *type == 'f') {
        const char *position = field(text, length, "\"position\":\"");
        if (position && check) {
            const char *end = memchr(position, '"', sizeof v->position);
            size_t size = end ? (size_t)(end - position) : 0;
            memcpy(v->position, position, size);
            v->position[size] = 0;
        }
    }
    if (*type == 's') {
        memset(v->last, -1, sizeof v->last);
        ready(v);
    } else if (*type == 'f') {
        if (check) check_points(v, text, length, now_ms);
        if (v->state == WAITING) {
            seen.resumed++;
            ready(v);
        } else if (v->kind == 0 && as_of) {
            note(&late, now_ms - strtod(as_of, NULL));
        }
        seen.frames++;
        seen.bytes += (long long)length + (length < 126 ? 2 : 4);
    } else if (*type == 'p') {
        ready(v);
    } else if (*type == 'g') {
        seen.gaps++;
    } else if (*type == 'e') {
        fprintf(stderr, "%.*s\n", (int)length, text);
        seen.errors++;
    }
}

static size_t take_frame(Viewer *v, const unsigned char *p, size_t length) { /* bytes used; 0: not whole yet */
    if (length < 2) return 0;
    size_t head = 2, size = p[1] & 127;
    if (size == 126) {
        if (length < 4) return 0;
        size = (size_t)p[2] << 8 | p[3], head = 4;
    } else if (size == 127) {
        if (length < 10) return 0;
        size = (size_t)p[6] << 24 | (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9], head = 10;
    }
    if (length < head + size) return 0;
    int opcode = p[0] & 15;
    if (opcode == 1) take_text(v, (const char *)p + head, size);
    if (opcode == 9) send_frame(v, 10, (const char *)p + head, size);
    if (opcode == 8) seen.close_code = size >= 2 ? p[head] << 8 | p[head + 1] : 1005;
    return head + size;
}

static void readable(Viewer *v) {
    if (v->rest_len > BUFFER / 2 - 1) {
        fprintf(stderr, "a message is longer than %d bytes\n", BUFFER / 2);
        exit(1);
    }
    if (v->rest_len) memcpy(buffer, v->rest, v->rest_len);
    ssize_t got = recv(v->fd, buffer + v->rest_len, BUFFER / 2, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        seen.closed++;
        hang_up(v, FREE);
        return;
    }
    size_t length = v->rest_len + (size_t)got, used = 0, step;
    buffer[length] = 0;
    v->rest_len = 0;
    if (v->state == SHAKING) {
        char *end = memmem(buffer, length, "\r\n\r\n", 4);
        if (end && memcmp(buffer, "HTTP/1.1 101", 12) != 0) {
            seen.errors++;
            hang_up(v, FREE);
            return;
        }
        if (end) {
            used = (size_t)(end + 4 - buffer);
            say_watch(v);
        }
    }
    if (v->state != SHAKING)
        while ((step = take_frame(v, (unsigned char *)buffer + used, length - used)) > 0) used += step;
    if (used < length) {
        v->rest_len = length - used;
        v->rest = realloc(v->rest, v->rest_len);
        memcpy(v->rest, buffer + used, v->rest_len);
    }
}

static void begin(const char *name, int count) {
    pending = name;
    waited_for = count;
    failed = 0;
    seen.resumed = 0;
    began_s = now_s(CLOCK_MONOTONIC);
}

static void obey(const char *line) {
    if (sscanf(line, "open %d %d", &to_open, &open_kind) == 2) return begin("open", to_open);
    if (!strncmp(line, "cut", 3)) {
        to_come_back = 0;
        for (int i = 0; i < viewer_count; i++)
            if (viewers[i].state == READY) hang_up(&viewers[i], COMING_BACK), to_come_back++;
        return begin("cut", to_come_back);
    }
    if (!strncmp(line, "report", 6)) return report();
    for (int i = 0; i < viewer_count; i++) {
        Viewer *v = &viewers[i];
        if (v->kind != 1 || (v->state != READY && v->state != STALLED)) continue;
        if (!strncmp(line, "drop", 4)) {
            hang_up(v, FREE);
        } else {
            epoll_ctl(poller, EPOLL_CTL_DEL, v->fd, NULL);
            v->state = STALLED;
        }
    }
    printf("{\"done\":\"%.5s\"}\n", line);
}

static void connect_some(void) {
    static int at;
    for (; to_come_back && in_flight < IN_FLIGHT; at = (at + 1) % viewer_count)
        if (viewers[at].state == COMING_BACK) {
            to_come_back--;
            connect_viewer(&viewers[at]);
        }
    for (; to_open && in_flight < IN_FLIGHT && viewer_count < VIEWERS; to_open--) {
        Viewer *v = &viewers[viewer_count++];
        v->kind = open_kind;
        memset(v->last, -1, sizeof v->last);
        connect_viewer(v);
    }
}

static void hear(void) {
    static char lines[4096];
    static size_t length;
    ssize_t got = read(0, lines + length, sizeof lines - length - 1);
    if (got <= 0) exit(0);
    length += (size_t)got;
    lines[length] = 0;
    for (char *end; (end = strchr(lines, '\n')); memmove(lines, end + 1, length + 1)) {
        *end = 0;
        obey(lines);
        length -= (size_t)(end + 1 - lines);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mode = !strcmp(argv[2], "raw") ? RAW : !strcmp(argv[2], "socketio") ? SOCKETIO : WS;
    path = argv[3], watch = argv[4], check = atoi(argv[5]);
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        connect_some();
        fflush(stdout);
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            Viewer *v = events[i].data.ptr;
            if (!v)
                hear();
            else if (v->state == CONNECTING)
                events[i].events & (EPOLLERR | EPOLLHUP) ? hang_up(v, FREE) : connected(v);
            else if (v->state != FREE && v->state != COMING_BACK)
                readable(v);
        }
        if (count < EVENTS) usleep(NAP_US);
    }
}
