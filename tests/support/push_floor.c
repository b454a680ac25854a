/* A C client's publish-to-reply rate: the floor below the floor, with libmosquitto, whose development files are not needed.

   push_floor PORT ROOT AREA NODES WINDOW REVISION < payload, in which @ stands for the revision

   Publishes one retained document of QoS 1 to each node and ends with the last node's reply; writes the seconds it took. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mosquitto;
struct mosquitto_message { int mid; char *topic; void *payload; int payloadlen; int qos; bool retain; };
int mosquitto_lib_init(void);
struct mosquitto *mosquitto_new(const char *id, bool clean_session, void *mine);
void mosquitto_connect_callback_set(struct mosquitto *, void (*)(struct mosquitto *, void *, int));
void mosquitto_subscribe_callback_set(struct mosquitto *, void (*)(struct mosquitto *, void *, int, int, const int *));
void mosquitto_message_callback_set(struct mosquitto *, void (*)(struct mosquitto *, void *, const struct mosquitto_message *));
int mosquitto_connect(struct mosquitto *, const char *host, int port, int keepalive);
int mosquitto_subscribe(struct mosquitto *, int *mid, const char *sub, int qos);
int mosquitto_publish(struct mosquitto *, int *mid, const char *topic, int length, const void *payload, int qos, bool retain);
int mosquitto_loop(struct mosquitto *, int timeout_ms, int max_packets);
int mosquitto_max_inflight_messages_set(struct mosquitto *, unsigned int);
int mosquitto_int_option(struct mosquitto *, int option, int value);

static int nodes, window, sent, heard, listening;
static const char *root, *area;
static char document[16384];

static void connected(struct mosquitto *client, void *mine, int code) {
    char filter[256];
    snprintf(filter, sizeof filter, "%s/%s/+/reported", root, area);
    mosquitto_subscribe(client, NULL, filter, 1);
}
static void subscribed(struct mosquitto *client, void *mine, int mid, int count, const int *qos) { listening = 1; }
static void message(struct mosquitto *client, void *mine, const struct mosquitto_message *it) { heard++; }

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int count, char **words) {
    char template[16384], topic[256], *place;
    if (count != 7) return 2;
    root = words[2], area = words[3], nodes = atoi(words[4]), window = atoi(words[5]);
    template[fread(template, 1, sizeof template - 1, stdin)] = 0;
    if (!(place = strchr(template, '@'))) return 2;
    *place = 0;
    int length = snprintf(document, sizeof document, "%s%s%s", template, words[6], place + 1);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("floor-c", true, NULL);
    mosquitto_max_inflight_messages_set(client, 0);
    mosquitto_int_option(client, 7 /* MOSQ_OPT_TCP_NODELAY */, 1);
    mosquitto_connect_callback_set(client, connected);
    mosquitto_subscribe_callback_set(client, subscribed);
    mosquitto_message_callback_set(client, message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60)) return 1;
    while (!listening)
        if (mosquitto_loop(client, 100, 1)) return 1;
    double began = now();
    while (heard < nodes) {
        while (sent < nodes && sent - heard < window) {
            snprintf(topic, sizeof topic, "%s/%s/N-%06d/desired", root, area, sent++);
            if (mosquitto_publish(client, NULL, topic, length, document, 1, true)) return 1;
        }
        if (mosquitto_loop(client, 100, 1)) return 1;
    }
    printf("%.6f\n", now() - began);
    return 0;
}
