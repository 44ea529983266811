/* Copyright (c) hygeia.golden authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 *
 * Preloaded into cron: its clock jumps to the next instant of standard input whenever it sleeps, and a job ends when
 * it is logged, before its command would run. The log goes to standard output, each line behind its instant.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t now = 946684800;
static int in_job;

time_t time(time_t *result)
{
    if (result)
        *result = now;
    return now;
}

unsigned int sleep(unsigned int seconds)
{
    char line[32];

    if (!fgets(line, sizeof line, stdin)) {
        while (wait(NULL) > 0)
            ;
        _exit(0);
    }
    now = atoll(line);
    return 0 * seconds;
}

/* A job forks once more for its command: one process is enough to get to its log. */
pid_t fork(void)
{
    pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    pid_t process = in_job ? 0 : real();

    if (!process)
        in_job = 1;
    return process;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dprintf(STDOUT_FILENO, "%lld %s\n", (long long)now, text);
    if (in_job && strstr(text, ") CMD ("))
        _exit(0);
}
