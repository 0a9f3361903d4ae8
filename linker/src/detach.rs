//! A large link runs in a child process. When the output is complete the parent ends, which is what
//! whoever started gild waits for, and the child gives memory back behind everybody's back: 25 ms
//! for a link of 300 MB.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::OnceLock;

/// Where the child tells its parent the exit status.
static PARENT: OnceLock<PipeWriter> = OnceLock::new();

/// Makes a child process and returns in it; the parent stays behind and ends as the child does.
/// Where that fails, the link runs in this process.
///
/// # Safety
///
/// No other thread may be running.
pub unsafe fn into_child() {
    let Ok((reader, writer)) = std::io::pipe() else { return };
    // SAFETY: getpid has no conditions; the caller promises that fork may be called.
    let (parent, child) = unsafe { (libc::getpid(), libc::fork()) };
    match child {
        -1 => {}
        0 => {
            // Whoever kills the parent means the link. Its regular end comes after the link's, so
            // that the signal then only hastens the child's own.
            // SAFETY: an option that takes a signal, and a question.
            let orphaned = unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::getppid() != parent
            };
            if orphaned {
                std::process::exit(1);
            }
            let _ = PARENT.set(writer);
        }
        child => {
            drop(writer);
            end_as(child, reader);
        }
    }
}

/// Ends the parent with the status that the child sends, or as the child has ended without one.
fn end_as(child: libc::pid_t, mut pipe: PipeReader) -> ! {
    let mut sent = [0];
    if pipe.read_exact(&mut sent).is_ok() {
        // SAFETY: no conditions. Exit handlers and buffers are the child's.
        unsafe { libc::_exit(sent[0].into()) }
    }
    let mut status = 0;
    // SAFETY: `status` outlives the call; a signal's default action is restored and then taken.
    unsafe {
        libc::waitpid(child, &mut status, 0);
        if libc::WIFSIGNALED(status) {
            libc::signal(libc::WTERMSIG(status), libc::SIG_DFL);
            libc::raise(libc::WTERMSIG(status));
        }
        libc::_exit(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 1 })
    }
}

/// Ends the process, and the parent if there is one, without giving anything back first.
pub fn exit(status: u8) -> ! {
    if let Some(mut parent) = PARENT.get() {
        let _ = std::io::stdout().flush();
        // Whoever reads the output to its end mustn't wait for the child either.
        // SAFETY: nothing is read or printed any more.
        unsafe {
            libc::close(libc::STDIN_FILENO);
            libc::close(libc::STDOUT_FILENO);
            libc::close(libc::STDERR_FILENO);
        }
        let _ = parent.write_all(&[status]);
    }
    std::process::exit(status.into())
}
