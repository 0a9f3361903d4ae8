//! Output paths.
