//! Inspects the three names of an interrupted placement, and resolves how far it got. Contents are compared by their hashes.
//! Nothing is touched here.

use std::io;

use super::placement::Placement;
use super::rename::held;
use super::{Library, io_text, on_disk};
use headway_model::{Digest, RelPath};

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameContent {
    Nothing,
    /// A regular file with this content.
    Content(Digest),
    /// Something that is not a regular file.
    Other,
}

impl NameContent {
    pub(super) fn is(self, content: Option<Digest>) -> bool {
        content.is_some_and(|content| self == NameContent::Content(content))
    }
}

/// What lies at the three names of a placement.
pub(super) struct NamesFound {
    /// At the target; nothing if there is only what keeps that name free.
    pub(super) target: NameContent,
    pub(super) temp: NameContent,
    trash: NameContent,
    /// Whether the target has what keeps its name free.
    pub(super) is_held: bool,
}

/// How an interrupted placement is to be recovered.
pub(super) enum Resolution<'a> {
    /// The output is in place, and the original, if there is one, in the trash.
    Done,
    /// The output is in place. The original, which has the temporary name, goes to the trash.
    ToTrash(&'a RelPath),
    /// Nothing has the target's name: the output gets it if it is whole, and otherwise the original, from the trash.
    Fill(&'a RelPath),
    /// The output has not got its name. If the original got a second name, in the trash, that one is removed.
    TakenBack(Option<&'a RelPath>),
    /// What lies there matches neither state.
    Conflict,
}

impl NamesFound {
    pub(super) fn resolution<'a>(&self, placement: &'a Placement) -> Resolution<'a> {
        let (new, old) = (Some(placement.new), placement.old);
        let Some(trash) = &placement.trash else {
            // If the name is free, or somebody else's file has it, the next attempt meets that file and reports it.
            return match self.temp == NameContent::Nothing || self.temp.is(new) {
                true if self.target.is(new) => Resolution::Done,
                true => Resolution::TakenBack(None),
                false => Resolution::Conflict,
            };
        };
        let is_in_trash = self.trash.is(old);
        if self.target.is(old)
            && (self.temp.is(new) || self.temp == NameContent::Nothing)
            && (is_in_trash || self.trash == NameContent::Nothing)
        {
            // If the original got a second name, it is recognised by content, because on some file systems two names of
            // a file have two inode numbers. No other attempt uses this name.
            return Resolution::TakenBack(is_in_trash.then_some(trash));
        }
        // The original is in the trash, and nothing has taken its name yet.
        if self.target == NameContent::Nothing && is_in_trash {
            return Resolution::Fill(trash);
        }
        if self.target.is(new) && self.temp.is(old) && self.trash == NameContent::Nothing {
            return Resolution::ToTrash(trash);
        }
        match self.target.is(new) && is_in_trash && self.temp == NameContent::Nothing {
            true => Resolution::Done,
            false => Resolution::Conflict,
        }
    }

    pub(super) fn lying(self, placement: &Placement) -> String {
        lying(placement, [&Ok(self.target), &Ok(self.temp), &Ok(self.trash)])
    }
}

impl Library {
    pub(super) fn names_found(&self, placement: &Placement) -> io::Result<NamesFound> {
        let Placement { temp, target, trash, old, new } = placement;
        let (at_temp, at_target) = (self.state_at(temp)?, self.state_at(target)?);
        let at_trash = trash.as_ref().map(|trash| self.state_at(trash)).transpose()?.unwrap_or(NameContent::Nothing);
        // The file that keeps the name free for the output is ours. It is briefly empty; so is one where an original
        // has just left.
        let (held, empty) = (on_disk(temp).file_name().map(held), Some(Digest::of(b"")));
        let is_held = at_target.is(held) || at_target.is(empty) && at_trash.is(*old) && !at_target.is(Some(*new));
        let target = if is_held { NameContent::Nothing } else { at_target };
        Ok(NamesFound { target, temp: at_temp, trash: at_trash, is_held })
    }

    /// Describes what is at each name of a placement that could not be completed.
    pub fn whereabouts(&self, placement: &Placement) -> String {
        let trash = placement.trash.as_ref().map_or(Ok(NameContent::Nothing), |trash| self.state_at(trash));
        lying(placement, [&self.state_at(&placement.target), &self.state_at(&placement.temp), &trash])
    }

    /// The hash of a file's content; `None` if nothing has that name.
    pub fn hash(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        self.open_plain(path).known()?.map(|opened| opened.hash()).transpose()
    }

    /// The hash of the regular file of this name; `None` if there is none.
    pub fn content(&self, path: &RelPath) -> io::Result<Option<Digest>> {
        Ok(match self.state_at(path)? {
            NameContent::Content(content) => Some(content),
            NameContent::Nothing | NameContent::Other => None,
        })
    }

    /// What has a name; an error if that is not known.
    fn state_at(&self, path: &RelPath) -> io::Result<NameContent> {
        match self.find(path).known()? {
            None => Ok(NameContent::Nothing),
            Some(found) if found.is_file() => Ok(self.hash(path)?.map_or(NameContent::Nothing, NameContent::Content)),
            Some(_) => Ok(NameContent::Other),
        }
    }
}

/// Describes what is at the target, the temporary name and the trash name.
fn lying(placement: &Placement, [target, temp, trash]: [&io::Result<NameContent>; 3]) -> String {
    let lies = |path: &RelPath, found: &io::Result<NameContent>| match found {
        Ok(NameContent::Nothing) => format!("nothing at {}", path.shown()),
        Ok(found) if found.is(placement.old) => format!("the original at {}", path.shown()),
        Ok(found) if found.is(Some(placement.new)) => format!("the output at {}", path.shown()),
        Ok(NameContent::Content(_)) => format!("another file at {}", path.shown()),
        Ok(NameContent::Other) => format!("something other than a file at {}", path.shown()),
        Err(error) => format!("what cannot be looked at ({}) at {}", io_text(error), path.shown()),
    };
    let mut lie = vec![lies(&placement.target, target), lies(&placement.temp, temp)];
    lie.extend(placement.trash.as_ref().map(|path| lies(path, trash)));
    format!("there is {}", lie.join(", "))
}
