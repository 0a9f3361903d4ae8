//! A progress bar for comparisons that take over a second.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A spinner with the phase, on a terminal alone.
pub struct Bar {
    begun: Instant,
    bar: Mutex<Option<ProgressBar>>,
}

/// Shorter comparisons show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

impl Bar {
    /// Shows nothing yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), bar: Mutex::new(None) })
    }

    /// Takes it away.
    pub fn finish(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

fn is_due(elapsed: Duration, on_a_terminal: bool) -> bool {
    on_a_terminal && elapsed >= PATIENCE
}

impl gild_diff::Progress for Bar {
    fn phase(&self, what: &str) {
        if !is_due(self.begun.elapsed(), std::io::stderr().is_terminal()) {
            return;
        }
        let Ok(mut slot) = self.bar.lock() else { return };
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_message(what.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::is_due;
    use std::time::Duration;

    #[test]
    fn only_those_who_wait_at_a_terminal_see_it() {
        assert!(!is_due(Duration::from_millis(999), true));
        assert!(is_due(Duration::from_secs(1), true));
        assert!(!is_due(Duration::from_secs(60), false));
    }
}
