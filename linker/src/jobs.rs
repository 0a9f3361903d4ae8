//! GNU make's jobserver: under `make -jN`, gild takes no more threads than make lends.

use jobserver::{Acquired, Client};

/// Make's side of the bargain, and what was lent so far.
#[derive(Default)]
pub struct Jobs {
    client: Option<Client>,
    /// Given back when the link is done.
    tokens: Vec<Acquired>,
}

impl Jobs {
    /// The jobserver that `MAKEFLAGS` names, if there is one.
    pub fn from_environment() -> Jobs {
        // SAFETY: called first thing in main: no descriptor that `MAKEFLAGS` could name by mistake is
        // this process's own. What the parent has left open is taken if both are pipes: a stale
        // `MAKEFLAGS` that names pipes of another purpose takes bytes from the one, and gives them to
        // the other at the end. Nothing tells these from make's.
        let found = unsafe { Client::from_env_ext(true) };
        Jobs { client: found.client.ok(), tokens: Vec::new() }
    }

    /// How many of `useful` threads there may be: the first is the process's own, a token pays for
    /// each one more, and without a jobserver all are free.
    pub fn threads(&mut self, useful: usize) -> usize {
        let Some(client) = &self.client else { return useful };
        let lent = (1..useful).map_while(|_| client.try_acquire().ok().flatten());
        self.tokens.extend(lent);
        1 + self.tokens.len()
    }
}
