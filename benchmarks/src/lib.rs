//! Times linkers beside each other on captured links.
//!
//! `prepare` makes jobs, `run` replays them: a **job** is a folder with every input of one link and
//! its arguments, a **contestant** a linker with its flags, a **setting** where the output goes
//! (disk or memory, fresh or over an older one). The parts, in the order in which data flows:
//!
//! - [`capture`]: stands in for the linker once, and copies what it was given into a job
//! - [`generate`]: makes ELF objects and archives of any size, for jobs that grow
//! - [`prepare`]: installs what is needed and makes every job
//! - [`job`]: a job on disk, and the bytes of it that a linker can't do without
//! - [`linkers`]: which contestants there are, and the flags that make their work equal
//! - [`measure`]: one process tree's wall time, CPU time and memory
//! - [`floor`]: the same bytes read and written without linking
//! - [`run`]: rounds that interleave the contestants
//! - [`allocators`]: programs linked by gild with one allocator after the other
//! - [`stats`] and [`report`]: medians and ratios, as Markdown, JSON and SVG

pub mod allocators;
pub mod capture;
pub mod cli;
pub mod floor;
pub mod generate;
pub mod job;
pub mod linkers;
pub mod measure;
pub mod prepare;
pub mod process;
pub mod report;
pub mod run;
pub mod stats;
pub mod workspace;
