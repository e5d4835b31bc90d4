//! Telling contents apart: does this file hold that content, is it a copy of that one.

use std::io;

use super::checkpoint::{HEAD_BYTES, Inside};
use super::file::{Followed, Mark, Tail};
use super::source::Source;

/// Blocks in which two files are compared.
const BLOCK: usize = 64 << 10;
/// Two files that are the same so far are the same.
const COMPARED: u64 = 64 << 20;

/// What a file has to do with a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It holds it up to the offset at least.
    Continues,
    /// It holds the beginning of it only, of this length.
    Shorter(u64),
    /// It holds another one, or nothing.
    Differs,
}

/// Compares the first bytes and those before the offset.
pub(crate) fn holds(source: &mut Source, file: &Followed) -> io::Result<Holds> {
    let head = source.bytes_at(0, file.head.len())?;
    if !file.head.starts_with(&head) {
        return Ok(Holds::Differs);
    }
    if head.len() < file.head.len() {
        return Ok(if head.is_empty() {
            Holds::Differs
        } else {
            Holds::Shorter(head.len() as u64)
        });
    }
    let len = file.mark.tail.len();
    let tail = source.bytes_at(file.mark.offset.saturating_sub(len as u64), len)?;
    if tail.len() < len {
        return Ok(Holds::Shorter(source.len()?));
    }
    let same = file.mark.tail.matches(&tail);
    let in_hole = is_in_hole(source, &file.mark, &tail)?;
    Ok(if same && !in_hole {
        Holds::Continues
    } else {
        Holds::Differs
    })
}

/// Whether an open file is still the one it was: as long as what is read of it at least, and with
/// the same bytes before the offset.
pub(crate) fn is_intact(file: &mut Followed) -> io::Result<bool> {
    let Some(source) = file.source.as_mut() else {
        return Ok(true);
    };
    if !source.is_plain() {
        return Ok(true);
    }
    let Tail::Bytes(tail) = &file.mark.tail else {
        return Ok(true);
    };
    let from = file.mark.offset.saturating_sub(tail.len() as u64);
    if source.bytes_at(from, tail.len())? != *tail || is_in_hole(source, &file.mark, tail)? {
        return Ok(false);
    }
    // What was seen but not read must be there as well: a file cut to nothing may hold another
    // content now, and nothing before the offset would tell.
    let seen_beyond = file.head.len() as u64 > file.mark.offset;
    Ok(!seen_beyond || source.bytes_at(0, file.head.len())? == file.head)
}

/// Whether a content is to be read from behind the zeros that it begins with, and there are more of
/// them: those of a later cut, under a writer that goes on at its offset.
fn is_in_hole(source: &mut Source, mark: &Mark, tail: &[u8]) -> io::Result<bool> {
    let is_behind_zeros =
        mark.inside == Inside::Nothing && !tail.is_empty() && tail.iter().all(|byte| *byte == 0);
    Ok(is_behind_zeros && source.bytes_at(mark.offset, 1)? == [0])
}

/// Whether everything in `source` (and there is something) is the beginning of `other`. Where that is
/// gone, only one that was written before its successor was there can be a part of it.
pub(crate) fn is_copy(
    source: &mut Source,
    other: &mut Followed,
    is_later: bool,
) -> io::Result<bool> {
    let head = source.bytes_at(0, HEAD_BYTES)?;
    if !head
        .iter()
        .zip(&other.head)
        .all(|(one, theirs)| one == theirs)
    {
        return Ok(false);
    }
    if let Some(theirs) = other.source.as_mut() {
        let mut head = std::mem::take(&mut other.head);
        let known = head.len();
        let is_copy = is_copy_of(source, theirs, &mut head);
        other.dirty |= head.len() != known;
        other.head = head;
        return is_copy;
    }
    // The place may hold another file by now; its name is only a hint.
    let found = Source::open(&other.place, true).ok();
    match found.filter(|(_, facts)| facts.identity.same_file(&other.identity)) {
        Some((mut theirs, _)) => is_beginning(source, &mut theirs),
        None if is_later => {
            let is_whole = source.len()? == other.mark.offset;
            Ok(is_whole && holds(source, other)? == Holds::Continues)
        }
        None => {
            let whole = head.len() < HEAD_BYTES || source.len()? <= other.mark.offset;
            Ok(whole && !head.is_empty() && other.head.starts_with(&head))
        }
    }
}

/// Whether everything in `source` is the beginning of an open file. If so, the first bytes that
/// are known of that file are `source`'s as well: should it be cut the next moment, it is missed
/// and looked for, and found here.
pub(crate) fn is_copy_of(
    source: &mut Source,
    other: &mut Source,
    head: &mut Vec<u8>,
) -> io::Result<bool> {
    if !is_beginning(source, other)? {
        return Ok(false);
    }
    let (own, theirs) = (
        source.bytes_at(0, HEAD_BYTES)?,
        other.bytes_at(0, HEAD_BYTES)?,
    );
    let is_still = theirs.starts_with(head) && theirs.starts_with(&own);
    if is_still {
        *head = theirs;
    }
    Ok(is_still)
}

/// Whether everything in `source` (and there is something) is the beginning of `other`.
pub(crate) fn is_beginning(source: &mut Source, other: &mut Source) -> io::Result<bool> {
    let mut at = 0;
    while at < COMPARED {
        let block = source.bytes_at(at, BLOCK)?;
        if block.is_empty() {
            break;
        }
        if other.bytes_at(at, block.len())? != block {
            return Ok(false);
        }
        at += block.len() as u64;
    }
    Ok(at > 0)
}
