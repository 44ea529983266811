/* The only program of a guest: it counts on its console, five times a second, and computes in between if it is called "busy". */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int busy = argc > 1 && !strcmp(argv[1], "busy");
    struct timespec now, next;
    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
    int console = open("/dev/ttyS0", O_WRONLY);
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int count = 0;; count++) {
        dprintf(console, "count %d\n", count);
        next.tv_nsec += 200000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while (busy && (now.tv_sec < next.tv_sec || (now.tv_sec == next.tv_sec && now.tv_nsec < next.tv_nsec)));
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, 0);
    }
}
