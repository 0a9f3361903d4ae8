/* The two operations that snmalloc asks of the kernel's header, which a musl cross compiler's
 * include path may lack; the numbers are the kernel's stable interface (futex(2)). */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
