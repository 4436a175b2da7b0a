//! The steps that can crash the process: those of a job, and those that the server carries out by itself.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A step that can crash the process. The same work on later items is a different step, because a job that makes
/// progress is not stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    /// At the start of the server, what the last process left of the job is read and inspected on the disk.
    TakeUp,
    /// The recipe reads what it needs before the first file.
    Prepare,
    /// The files are listed, beginning with this item.
    List(u32),
    /// The recipe is asked for the new names of this item.
    Name(u32),
    /// The same for any item.
    NameAny,
    /// The recipe works on this item, in this process.
    Work(u32),
    /// The recipe works on some item, in this process.
    WorkAny,
    /// A program works on this item.
    Run(u32),
    /// A program works on some item.
    RunAny,
    /// The output of this item is checked before it is placed.
    Check(u32),
    /// The same for any item.
    CheckAny,
    /// The output of this item is put into place.
    Place(u32),
    /// The output of some item is put into place.
    PlaceAny,
    /// The placing of this item is recovered. (Its word on the disk, `judge`, is older.)
    RecoverPlacing(u32),
    /// The recipe's last step.
    Finish,
    /// A whole library is scanned for the index.
    Scan,
    /// One folder of a library is scanned for the index; the number stands for its path.
    ScanFolder(u32),
    /// Temporary files of earlier processes are removed from a library.
    CleanUp,
    /// The trashes of a library are listed.
    ListTrash,
    /// An old trash of a job is emptied.
    EmptyTrash,
    /// The scratch folder of a killed attempt is removed.
    ClearScratch,
    /// The size of what a job wrote into the data folder is determined.
    Measure,
    /// The history of an old job is removed.
    RemoveHistory,
    /// The job is at work, whatever it does. So it counts if the server crashes where no other step is noted.
    AtWork,
}

impl Step {
    /// After how many crashes in a row at this step the job is stuck. Items are many and short, so it happens more
    /// often that one of them is under way by chance.
    pub(super) fn limit(self) -> u32 {
        match self {
            Step::Work(_) | Step::WorkAny | Step::Run(_) | Step::RunAny | Step::Check(_) | Step::CheckAny => 3,
            // Every job at work is noted, and most of them are not to blame.
            Step::AtWork => 6,
            _ => 2,
        }
    }

    /// Whether the server carries it out by itself, for nobody who waits. If it is stuck, the server leaves it out, and
    /// its job goes on.
    pub(crate) fn is_own(self) -> bool {
        use Step::*;
        matches!(self, Scan | ScanFolder(_) | CleanUp | ListTrash | EmptyTrash | ClearScratch | Measure | RemoveHistory)
    }

    /// After this time, the step is no longer suspected: it can go on for hours, during which other steps crash the
    /// server. A program uses no memory of this process; work inside the process can take seconds to exhaust it.
    pub(super) fn probation(self) -> Option<Duration> {
        match self {
            Step::Work(_) | Step::Check(_) | Step::AtWork => Some(Duration::from_secs(60)),
            Step::Run(_) => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// Whether a job has many such steps, most of them short.
    pub(super) fn is_short(self) -> bool {
        matches!(self, Step::Work(_))
    }

    /// The item that it concerns, if it concerns one.
    pub(super) fn item(self) -> Option<u32> {
        match self {
            Step::Name(item)
            | Step::Work(item)
            | Step::Run(item)
            | Step::Check(item)
            | Step::Place(item)
            | Step::RecoverPlacing(item) => Some(item),
            _ => None,
        }
    }

    /// The second step that a crash counts against: if every item is to blame, each crash can hit a different one. It
    /// is over as soon as the step of one item is.
    pub(super) fn any(self) -> Option<Step> {
        match self {
            Step::Work(_) => Some(Step::WorkAny),
            Step::Name(_) => Some(Step::NameAny),
            Step::Run(_) => Some(Step::RunAny),
            Step::Check(_) => Some(Step::CheckAny),
            Step::Place(_) => Some(Step::PlaceAny),
            _ => None,
        }
    }

    /// What the server does in this step, in words that follow "while it".
    pub(super) fn text(self) -> String {
        match self {
            Step::TakeUp => "looked at what was left of this job".into(),
            Step::Prepare => "prepared this job".into(),
            Step::List(_) => "listed the files of this job".into(),
            Step::Name(item) => format!("looked for the new names of file {} of this job", u64::from(item) + 1),
            Step::NameAny => "looked for new names of files of this job".into(),
            // People count from 1.
            Step::Work(item) => format!("worked on file {} of this job", u64::from(item) + 1),
            Step::WorkAny => "worked on the files of this job".into(),
            Step::Run(item) => format!("ran the program on file {} of this job", u64::from(item) + 1),
            Step::RunAny => "ran programs on the files of this job".into(),
            Step::Check(item) => format!("checked what the work on file {} of this job had made", u64::from(item) + 1),
            Step::CheckAny => "checked what the work of this job had made".into(),
            Step::PlaceAny => "put outputs of this job into place".into(),
            Step::Place(item) => format!("put the output of file {} of this job into place", u64::from(item) + 1),
            Step::RecoverPlacing(item) => {
                format!("checked how far the output of file {} of this job had got", u64::from(item) + 1)
            }
            Step::Finish => "ran the last step of this job".into(),
            Step::Scan => "scanned this library".into(),
            Step::ScanFolder(_) => "scanned a folder of this library".into(),
            Step::CleanUp => "removed temporary files of earlier runs from this library".into(),
            Step::ListTrash => "listed the trashes of this library".into(),
            Step::EmptyTrash => "emptied the trash of this job".into(),
            Step::ClearScratch => "removed what a killed attempt had left in the data folder".into(),
            Step::Measure => "determined the size of what this job wrote into the data folder".into(),
            Step::RemoveHistory => "removed the history of this job".into(),
            Step::AtWork => "had this job at work, which got no further".into(),
        }
    }
}

impl Step {
    /// The step's word, without its number.
    pub(super) fn word(self) -> &'static str {
        self.parts().0
    }

    fn parts(self) -> (&'static str, u32) {
        match self {
            Step::TakeUp => ("take_up", 0),
            Step::Prepare => ("prepare", 0),
            Step::List(from) => ("list", from),
            Step::Name(item) => ("name", item),
            Step::NameAny => ("name_any", 0),
            Step::Work(item) => ("work", item),
            Step::WorkAny => ("work_any", 0),
            Step::Run(item) => ("run", item),
            Step::RunAny => ("run_any", 0),
            Step::Check(item) => ("check", item),
            Step::CheckAny => ("check_any", 0),
            Step::Place(item) => ("place", item),
            Step::PlaceAny => ("place_any", 0),
            Step::RecoverPlacing(item) => ("judge", item),
            Step::Finish => ("finish", 0),
            Step::Scan => ("scan", 0),
            Step::ScanFolder(path) => ("scan_folder", path),
            Step::CleanUp => ("clean_up", 0),
            Step::ListTrash => ("list_trash", 0),
            Step::EmptyTrash => ("empty_trash", 0),
            Step::ClearScratch => ("clear_scratch", 0),
            Step::Measure => ("measure", 0),
            Step::RemoveHistory => ("remove_history", 0),
            Step::AtWork => ("at_work", 0),
        }
    }
}

/// A word and a number, the form used in the files of this module.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, number) = self.parts();
        write!(f, "{word} {number}")
    }
}

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, number) = text.split_once(' ').ok_or(())?;
        let number = number.parse().map_err(|_| ())?;
        Ok(match word {
            "take_up" => Step::TakeUp,
            "prepare" => Step::Prepare,
            "list" => Step::List(number),
            "name" => Step::Name(number),
            "name_any" => Step::NameAny,
            "work" => Step::Work(number),
            "work_any" => Step::WorkAny,
            "run" => Step::Run(number),
            "run_any" => Step::RunAny,
            "check" => Step::Check(number),
            "check_any" => Step::CheckAny,
            "place" => Step::Place(number),
            "place_any" => Step::PlaceAny,
            "judge" => Step::RecoverPlacing(number),
            "finish" => Step::Finish,
            "scan" => Step::Scan,
            "scan_folder" => Step::ScanFolder(number),
            "clean_up" => Step::CleanUp,
            "list_trash" => Step::ListTrash,
            "empty_trash" => Step::EmptyTrash,
            "clear_scratch" => Step::ClearScratch,
            "measure" => Step::Measure,
            "remove_history" => Step::RemoveHistory,
            "at_work" => Step::AtWork,
            _ => return Err(()),
        })
    }
}
