// Handlers on an alternative stack, masks, and a fault that is survived.
// gild-test: stdout = usr1 1, fault caught, blocked then seen
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static sigjmp_buf back;

static void count(int number) { seen += number == SIGUSR1; }
static void escape(int number) { siglongjmp(back, number); }

int main(void) {
    static char stack[65536];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    struct sigaction action = {.sa_handler = count};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("usr1 %d, ", (int)seen);
    action.sa_handler = escape;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL);
    if (sigsetjmp(back, 1) == 0) *(volatile int *)8 = 1;
    else printf("fault caught, ");
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(getpid(), SIGUSR1);
    if (seen == 1) printf("blocked then ");
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("%s\n", seen == 2 ? "seen" : "lost");
    return 0;
}
