//! Following files: every line exactly once, across rotation, restart and `kill -9`.
//!
//! A [`Follower`] reads one configured log, which is a path or a glob. It never counts a line as
//! read before its caller has stored it: [`Follower::read`] hands out lines and the
//! [`Checkpoint`]s that go with them, the caller stores both in one transaction and says
//! [`Follower::commit`]. A new `Follower` made from the stored checkpoints goes on where the last
//! transaction ended, whatever happened to the process or to the files in between.
//!
//! What is followed is *content*, not a name and not an inode. A content is known by its file
//! (device, inode, time of birth), by its first bytes and by the bytes just before the offset. A
//! rename leaves it where it is; a truncated or replaced file no longer holds it; a copy or a
//! compressed file (gzip, xz, Zstandard) that continues it is where it lives now. Bytes that are gone
//! before anybody could read them are a [`Gap`], never silence.
//!
//! Decisions:
//! - An unterminated last line is delivered when its file is finished, or has been quiet for
//!   [`TailSettings::partial_after`]. What is appended to it afterwards is a line of its own; a
//!   mere line end afterwards is swallowed.
//! - A file that shrank, or whose bytes before the offset changed, is a new content and is read
//!   from its beginning. The old content goes on in its copy (`copytruncate`) if there is one.
//!   What was written between the copy and the truncation is destroyed by the rotating tool: the
//!   ledger says from where, and how far if that was ever seen.
//! - Zeros that a new file begins with are skipped: a writer that does not append leaves them when
//!   its file is cut under it, and goes on behind them.
//! - A file of which everything known repeats (same first bytes, same bytes before the offset, at
//!   least as long, same inode and birth) is the same content: nobody could tell.
//!   What it held before may be in a copy beside it, which is read for itself.
//! - A file that came and went between two looks, without leaving a rotated name, was never seen.
//! - A rotated file is read until nobody has it open for writing, or, where that can't be known,
//!   until it was quiet for [`TailSettings::finish_unproven`]; one that grows afterwards is taken
//!   up again.

mod batch;
mod census;
mod checkpoint;
mod chunk;
mod claim;
mod collect;
mod compressed;
mod crowd;
mod directories;
mod doubt;
mod elsewhere;
mod file;
mod finish;
mod follower;
pub mod followers;
mod held;
mod hidden;
mod identify;
mod listing;
mod lone;
mod look;
mod meter;
mod names;
mod newcomers;
mod news;
mod pattern;
mod present;
mod reading;
mod revisit;
mod settings;
mod settling;
mod setup;
mod slots;
mod source;
mod split;
mod states;
mod table;
mod text;
mod told;
mod watching;
mod writers;

pub use batch::{Lines, TailBatch};
pub use checkpoint::{Checkpoint, Identity, Inside, State, TailHash};
#[cfg(test)]
pub(crate) use chunk::Span;
pub use chunk::{Chunk, FileRef, FileState, FileStatus, Gap, GapReason, Line};
pub use collect::TailCollector;
pub use crowd::Crowd;
pub use elsewhere::Elsewhere;
pub use follower::Follower;
pub use pattern::GlobError;
pub use settings::{Budget, Multiline, SettingsError, StartAt, TailSettings};
pub use setup::TailSetup;
pub use table::path_text;

#[cfg(test)]
mod tests;
