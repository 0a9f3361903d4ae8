//! Whoever started gild waits for its end, and before that the kernel takes the memory apart: 5 ms
//! for a link of 90 MB, 25 ms for one of 300. So a helper, a process that shares the memory, holds on
//! to it until this process is gone, and takes it apart behind everybody's back.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, getpid, pidfd_open};
use rustix::thread::{Timespec, nanosleep};
use std::ffi::{c_int, c_void};
use std::io::Write;
use std::os::fd::{BorrowedFd, IntoRawFd};

/// Bytes of the helper's stack, of which a poll takes a few hundred.
const STACK: usize = 16 << 10;

/// Ends the process, which has succeeded, and leaves its memory to a helper.
pub fn exit() -> ! {
    let _ = std::io::stdout().flush();
    // Whoever reads the output to its end mustn't wait for the helper either.
    // SAFETY: nothing is read or printed any more.
    unsafe {
        libc::close(libc::STDIN_FILENO);
        libc::close(libc::STDOUT_FILENO);
        libc::close(libc::STDERR_FILENO);
    }
    start_helper();
    // SAFETY: no conditions. What exit handlers do is of no use any more.
    unsafe { libc::_exit(0) }
}

/// By how much the driver, which waited for the process's end too, is let go first. Put on one core,
/// it often had to wait for the helper until the next tick: 2.5 ms more for links of 10 to 70 ms.
const GRACE: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// Starts the helper. Where that fails, this process takes its memory apart itself.
fn start_helper() {
    let Ok(this) = pidfd_open(getpid(), PidfdFlags::empty()) else { return };
    let stack = Vec::leak(vec![0u128; STACK / size_of::<u128>()]).as_mut_ptr_range();
    let this = this.into_raw_fd() as usize as *mut c_void;
    // SAFETY: the stack is the helper's alone and aligned to 16 bytes. The helper, whose thread has
    // the same thread-local memory as this one, makes system calls and nothing else.
    unsafe { libc::clone(wait_for, stack.end.cast(), libc::CLONE_VM, this) };
}

/// The helper: waits for the end of the process behind the descriptor.
extern "C" fn wait_for(process: *mut c_void) -> c_int {
    // SAFETY: `start_helper` has opened it, and this process, which has a copy, never closes it.
    let process = unsafe { BorrowedFd::borrow_raw(process as usize as c_int) };
    let mut ends = [PollFd::from_borrowed_fd(process, PollFlags::IN)];
    while poll(&mut ends, None) == Err(Errno::INTR) {}
    // Woken early, it does its work early.
    let _ = nanosleep(&GRACE);
    0
}
