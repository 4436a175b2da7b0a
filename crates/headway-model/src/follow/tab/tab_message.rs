//! What the tabs of one browser tell each other: one line of words, followed by the text of the message if one is
//! passed on.

use std::fmt;

use crate::cursor::Cursor;
use crate::id::JobId;

/// A tab's name. Older tabs have lesser names.
pub(super) type TabId = String;

/// One message between tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TabMessage {
    /// This tab leads from now on.
    Leads { leader: TabId },
    /// This tab no longer leads.
    Ends { leader: TabId },
    /// This tab no longer listens, or no longer holds a stream.
    Gone { tab: TabId },
    /// This tab wants to listen to all of these jobs.
    Wants { tab: TabId, round: u64, jobs: Vec<JobId> },
    /// The leader's connection follows everything that `tab` wants. Message `next` is the first that the tab can
    /// receive.
    Takes { tab: TabId, round: u64, place: LeaderConnection, next: u64 },
    /// The leader has no connection now.
    Waits { tab: TabId, round: u64 },
    /// One stream cannot follow everything that the tabs want.
    Full { tab: TabId, round: u64 },
    /// The leader has opened a connection at this cursor, which follows these jobs.
    Opens { place: LeaderConnection, from: Option<Cursor>, jobs: Vec<JobId> },
    /// The leader's connection broke. It will open another.
    Broke { place: LeaderConnection },
    /// Message `number` of a connection.
    Passes { place: LeaderConnection, number: u64, id: String, text: String },
    /// Who holds a stream?
    Counts { tab: TabId },
    /// This tab holds a stream from now on.
    Took { tab: TabId },
    /// `tab` holds a stream. Answers the question of `to`.
    Holds { tab: TabId, to: TabId },
}

/// Identifies a connection of a leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaderConnection {
    pub(super) leader: TabId,
    pub(super) connection: u64,
}

impl fmt::Display for TabMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, jobs: &[JobId]| jobs.iter().try_for_each(|job| write!(f, " {job}"));
        match self {
            TabMessage::Leads { leader } => write!(f, "leads {leader}"),
            TabMessage::Ends { leader } => write!(f, "ends {leader}"),
            TabMessage::Gone { tab } => write!(f, "gone {tab}"),
            TabMessage::Wants { tab, round, jobs } => {
                write!(f, "wants {tab} {round}")?;
                list(f, jobs)
            }
            TabMessage::Takes { tab, round, place, next } => write!(f, "takes {tab} {round} {place} {next}"),
            TabMessage::Waits { tab, round } => write!(f, "waits {tab} {round}"),
            TabMessage::Full { tab, round } => write!(f, "full {tab} {round}"),
            TabMessage::Opens { place, from, jobs } => {
                let from = from.as_ref().map_or_else(|| "-".to_owned(), Cursor::to_string);
                write!(f, "opens {place} {from}")?;
                list(f, jobs)
            }
            TabMessage::Broke { place } => write!(f, "broke {place}"),
            // If `id` is empty, the line ends in a space, and reading it gives an empty last word.
            TabMessage::Passes { place, number, id, text } => write!(f, "passes {place} {number} {id}\n{text}"),
            TabMessage::Counts { tab } => write!(f, "counts {tab}"),
            TabMessage::Took { tab } => write!(f, "took {tab}"),
            TabMessage::Holds { tab, to } => write!(f, "holds {tab} {to}"),
        }
    }
}

impl fmt::Display for LeaderConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.leader, self.connection)
    }
}

impl TabMessage {
    /// Reads a text of the channel. `None`: another version of the program wrote it.
    pub(super) fn read(text: &str) -> Option<TabMessage> {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut words = Words(line.split(' '));
        let word = match words.next()? {
            "leads" => TabMessage::Leads { leader: words.name()? },
            "ends" => TabMessage::Ends { leader: words.name()? },
            "gone" => TabMessage::Gone { tab: words.name()? },
            "wants" => TabMessage::Wants { tab: words.name()?, round: words.number()?, jobs: words.jobs()? },
            "takes" => TabMessage::Takes {
                tab: words.name()?,
                round: words.number()?,
                place: words.place()?,
                next: words.number()?,
            },
            "waits" => TabMessage::Waits { tab: words.name()?, round: words.number()? },
            "full" => TabMessage::Full { tab: words.name()?, round: words.number()? },
            "opens" => TabMessage::Opens { place: words.place()?, from: words.cursor()?, jobs: words.jobs()? },
            "broke" => TabMessage::Broke { place: words.place()? },
            "passes" => TabMessage::Passes {
                place: words.place()?,
                number: words.number()?,
                id: words.next()?.into(),
                text: rest.into(),
            },
            "counts" => TabMessage::Counts { tab: words.name()? },
            "took" => TabMessage::Took { tab: words.name()? },
            "holds" => TabMessage::Holds { tab: words.name()?, to: words.name()? },
            _ => return None,
        };
        Some(word)
    }
}

struct Words<'a>(std::str::Split<'a, char>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    fn name(&mut self) -> Option<TabId> {
        self.next().filter(|name| !name.is_empty()).map(Into::into)
    }

    fn number(&mut self) -> Option<u64> {
        self.next()?.parse().ok()
    }

    fn place(&mut self) -> Option<LeaderConnection> {
        Some(LeaderConnection { leader: self.name()?, connection: self.number()? })
    }

    fn cursor(&mut self) -> Option<Option<Cursor>> {
        match self.next()? {
            "-" => Some(None),
            text => text.parse().ok().map(Some),
        }
    }

    fn jobs(&mut self) -> Option<Vec<JobId>> {
        self.0.by_ref().map(|text| text.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::job_id;

    #[test]
    fn every_tab_message_round_trips() {
        let (tab, leader) = ("1a".to_owned(), "2b".to_owned());
        let place = LeaderConnection { leader: leader.clone(), connection: 7 };
        let jobs = vec![job_id(1), job_id(2)];
        let text = "{\"kind\":\"hello\"}\nand more".to_owned();
        for word in [
            TabMessage::Leads { leader: leader.clone() },
            TabMessage::Ends { leader: leader.clone() },
            TabMessage::Gone { tab: tab.clone() },
            TabMessage::Wants { tab: tab.clone(), round: 3, jobs: jobs.clone() },
            TabMessage::Wants { tab: tab.clone(), round: 3, jobs: vec![] },
            TabMessage::Takes { tab: tab.clone(), round: 3, place: place.clone(), next: 9 },
            TabMessage::Full { tab: tab.clone(), round: 3 },
            TabMessage::Waits { tab: tab.clone(), round: 3 },
            TabMessage::Full { tab: tab.clone(), round: 3 },
            TabMessage::Opens { place: place.clone(), from: None, jobs: vec![] },
            TabMessage::Opens { place: place.clone(), from: Some(Cursor::start()), jobs },
            TabMessage::Passes { place: place.clone(), number: 4, id: String::new(), text: text.clone() },
            TabMessage::Passes { place, number: 4, id: "12.9f9f9f9f".into(), text },
            TabMessage::Counts { tab: tab.clone() },
            TabMessage::Took { tab: tab.clone() },
            TabMessage::Holds { tab, to: leader },
        ] {
            assert_eq!(TabMessage::read(&word.to_string()).as_ref(), Some(&word), "{word}");
        }
        for text in ["", "leads", "wants 1a", "wants 1a 3 not-a-job", "takes 1a 3 2b", "opens 2b 7 12", "sings 1a"] {
            assert_eq!(TabMessage::read(text), None, "{text:?}");
        }
    }
}
