/* Copyright (c) hygeia.golden authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 *
 * The audit system of a kernel, for an auditctl that must not reach the real one: preloaded, it takes every netlink
 * message, keeps the rules, refuses what is there already and everything once it is locked, and tells at the end what
 * it has (enabled, number of rules).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 4096
struct message { size_t size; char data[9000]; };
static struct message *rules[MOST], *replies[MOST];
static int count, first, last, enabled = 1, ours[1024];

int socket(int domain, int type, int protocol)
{
	int handle = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (handle >= 0 && handle < 1024)
		ours[handle] = 1;
	(void)domain, (void)type, (void)protocol;
	return handle;
}

static void reply(int type, const void *data, size_t size, int sequence)
{
	struct message *message = calloc(1, sizeof *message);
	struct nlmsghdr *header = (void *)message->data;
	header->nlmsg_len = NLMSG_LENGTH(size);
	header->nlmsg_type = type;
	header->nlmsg_seq = sequence;
	memcpy(NLMSG_DATA(header), data, size);
	message->size = header->nlmsg_len;
	replies[last++ % MOST] = message;
}

static int change(int type, const char *data, size_t size)
{
	int place;
	if (enabled == 2)
		return -EPERM;
	for (place = 0; place < count; place++)
		if (rules[place]->size == size && !memcmp(rules[place]->data, data, size))
			break;
	if (type == AUDIT_ADD_RULE) {
		if (place < count)
			return -EEXIST;
		rules[count] = calloc(1, sizeof **rules);
		rules[count]->size = size;
		memcpy(rules[count++]->data, data, size);
		return 0;
	}
	if (place == count)
		return -ENOENT;
	memmove(&rules[place], &rules[place + 1], (--count - place) * sizeof *rules);
	return 0;
}

ssize_t sendto(int handle, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
	const struct nlmsghdr *request = data;
	struct { int error; struct nlmsghdr header; } answer = { 0, *request };
	struct audit_status status = { .enabled = enabled, .feature_bitmap = ~0 };
	const struct audit_status *wanted = NLMSG_DATA(request);
	int sequence = request->nlmsg_seq, place;

	if (request->nlmsg_type == AUDIT_ADD_RULE || request->nlmsg_type == AUDIT_DEL_RULE)
		answer.error = change(request->nlmsg_type, NLMSG_DATA(request), request->nlmsg_len - NLMSG_HDRLEN);
	else if (request->nlmsg_type == AUDIT_SET && enabled == 2)
		answer.error = -EPERM;
	else if (request->nlmsg_type == AUDIT_SET && wanted->mask & AUDIT_STATUS_ENABLED)
		enabled = wanted->enabled;
	reply(NLMSG_ERROR, &answer, sizeof answer, sequence);
	if (request->nlmsg_type == AUDIT_GET)
		reply(AUDIT_GET, &status, sizeof status, sequence);
	if (request->nlmsg_type == AUDIT_LIST_RULES) {
		for (place = 0; place < count; place++)
			reply(AUDIT_LIST_RULES, rules[place]->data, rules[place]->size, sequence);
		reply(NLMSG_DONE, "", 1, sequence);
	}
	(void)handle, (void)flags, (void)to, (void)length;
	return size;
}

ssize_t recvfrom(int handle, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
	struct message *message;
	if (first == last) {
		errno = EAGAIN;
		return -1;
	}
	message = replies[first % MOST];
	if (!(flags & MSG_PEEK))
		first++;
	memcpy(data, message->data, message->size < size ? message->size : size);
	if (from && length) {
		memset(from, 0, *length);
		*length = sizeof(struct sockaddr_nl);
	}
	(void)handle;
	return message->size;
}

int poll(struct pollfd *handles, nfds_t number, int timeout)
{
	(void)number, (void)timeout;
	handles[0].revents = POLLIN;
	return first != last;
}

int select(int number, fd_set *read, fd_set *write, fd_set *other, struct timeval *timeout)
{
	(void)number, (void)read, (void)write, (void)other, (void)timeout;
	return first != last;
}

/* Before its first rule auditctl complains to the system's log. */
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	(void)priority, (void)flag;
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("AUDIT_KERNEL");
	FILE *stream = path ? fopen(path, "w") : NULL;
	if (stream) {
		fprintf(stream, "%d %d\n", enabled, count);
		fclose(stream);
	}
}
