//! Which files of a folder a query asks for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::excludes::{ExcludeError, Excludes};
use headway_files::{ListedFile, is_litter};
use headway_model::RelPath;
use headway_model::library::{Pattern, folded, folded_bytes};
use headway_model::request::FolderQuery;

/// A pattern of a query is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatternError {
    /// A pattern of files to include.
    #[error("pattern {pattern:?}: {kind}")]
    Include { pattern: String, kind: globset::ErrorKind },
    /// A pattern of files to leave out.
    #[error("pattern {pattern:?}: {error}")]
    Exclude { pattern: String, error: ExcludeError },
    /// The patterns of files to include, taken together.
    #[error(transparent)]
    Includes(#[from] globset::Error),
}

/// The patterns of a query, compiled.
pub(crate) struct QueryPatterns {
    include: GlobSet,
    exclude: Excludes,
    search: Option<Pattern>,
    system_files: bool,
    /// The folder of the query as the query named it, and without links, if these differ.
    link: Option<(RelPath, RelPath)>,
}

impl QueryPatterns {
    /// Compiles the patterns.
    pub(crate) fn new(query: &FolderQuery) -> Result<Self, PatternError> {
        Ok(QueryPatterns {
            include: include(&query.include)?,
            exclude: exclude(&query.exclude)?,
            search: Pattern::new(&query.search),
            system_files: query.system_files,
            link: None,
        })
    }

    /// The same patterns for the folder to which the path of the query leads. A file below it has a path without links, and
    /// a pattern can name it by that path or by the path that the query used.
    pub(crate) fn for_folder(self, named: &RelPath, folder: &RelPath) -> Self {
        let link = (named != folder).then(|| (named.clone(), folder.clone()));
        QueryPatterns { link, ..self }
    }

    /// The path of a file in bytes, and the path as the query named its folder, if that is another one.
    fn paths(&self, path: &RelPath) -> Vec<Vec<u8>> {
        let named = self.link.as_ref().and_then(|(named, folder)| Some(path.seen_from(folder)?.below(named)));
        std::iter::once(path.to_bytes()).chain(named.map(|named| named.to_bytes())).collect()
    }

    /// Whether a file or folder is left out, together with everything below it.
    pub(crate) fn leaves_out(&self, path: &RelPath, is_folder: bool) -> bool {
        self.is_litter(path, is_folder) || self.excludes(path, is_folder)
    }

    /// Whether a line of the query leaves out a file or folder, together with everything below it.
    pub(super) fn excludes(&self, path: &RelPath, is_folder: bool) -> bool {
        self.exclude.leaves_out(&self.paths(path), is_folder)
    }

    /// Whether a file or folder is left out because systems leave such files behind.
    pub(super) fn is_litter(&self, path: &RelPath, is_folder: bool) -> bool {
        let bytes = path.to_bytes();
        let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        !self.system_files && is_litter(name, is_folder)
    }

    /// Whether a file that is not left out is asked for.
    pub(crate) fn wants(&self, found: &ListedFile) -> bool {
        let is_match = |text: &Path| self.include.is_match(text);
        let is_named = |path: Vec<u8>| {
            let folded = folded_bytes(&path);
            let path = Path::new(OsStr::from_bytes(&folded));
            is_match(path) || path.file_name().is_some_and(|name| is_match(Path::new(name)))
        };
        let is_included = self.include.is_empty() || self.paths(&found.file.path).into_iter().any(is_named);
        let name = Pattern::searched(found.file.path.name());
        let is_found = self.search.as_ref().is_none_or(|search| search.matches(&name));
        // A folder that cannot be listed might contain wanted files, so it stays in the plan.
        is_included && is_found || found.file.is_unlisted()
    }
}

fn include(patterns: &[String]) -> Result<GlobSet, PatternError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(&folded(pattern)).build();
        set.add(glob.map_err(|error| PatternError::Include { pattern: pattern.clone(), kind: error.kind().clone() })?);
    }
    Ok(set.build()?)
}

fn exclude(patterns: &[String]) -> Result<Excludes, PatternError> {
    let mut lines = Excludes::default();
    for pattern in patterns {
        lines.add(pattern).map_err(|error| PatternError::Exclude { pattern: pattern.clone(), error })?;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PlannedFile;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).expect("a path")
    }

    fn choice(include: &[&str], exclude: &[&str]) -> QueryPatterns {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let query = FolderQuery { include: owned(include), exclude: owned(exclude), ..FolderQuery::default() };
        QueryPatterns::new(&query).expect("patterns")
    }

    #[test]
    fn what_is_left_out_is_so_at_any_depth_unless_its_pattern_has_a_slash() {
        for (pattern, text, is_folder, expected) in [
            ("@custom", "p/@custom", true, true),
            ("@custom/", "p/@custom", true, true),
            ("@custom/", "p/@custom", false, false),
            ("#mine", "a/#mine", true, true),
            ("*.TMP", "a/b.tmp", false, true),
            ("/only", "only", true, true),
            ("/only", "a/only", true, false),
            ("ours/**", "ours/x", false, true),
            ("a/b", "x/a/b", true, false),
        ] {
            assert_eq!(choice(&[], &[pattern]).leaves_out(&path(text), is_folder), expected, "{pattern} {text}");
        }
        assert!(!choice(&[], &["*.txt", "!keep.txt"]).leaves_out(&path("keep.txt"), false), "the last line decides");
        assert!(choice(&[], &[]).leaves_out(&path("a/@eaDir"), true), "what systems leave behind");
    }

    #[test]
    fn patterns_and_searches_agree_on_letters_beyond_ascii_in_either_case_and_normal_form() {
        let listed = |text: &str| ListedFile {
            file: PlannedFile { path: path(text), size: 0, mtime_ns: 0, rerun: None, becomes: None },
            skip: None,
            inode: None,
        };
        for (pattern, text) in [
            ("\u{e9}.jpg", "\u{c9}.JPG"),
            ("\u{f6}.txt", "p/\u{d6}.txt"),
            ("\u{fc}.txt", "u\u{308}.txt"),
            ("u\u{308}.txt", "\u{dc}.TXT"),
            ("*\u{fc}*", "U\u{308}.txt"),
        ] {
            assert!(choice(&[pattern], &[]).wants(&listed(text)), "{pattern} takes {text}");
            assert!(choice(&[], &[pattern]).leaves_out(&path(text), false), "{pattern} leaves out {text}");
            let search = FolderQuery { search: pattern.to_owned(), ..FolderQuery::default() };
            assert!(QueryPatterns::new(&search).expect("a search").wants(&listed(text)), "{pattern} finds {text}");
        }
        assert!(!choice(&["u.txt"], &[]).wants(&listed("\u{fc}.txt")), "another letter");
    }

    #[test]
    fn what_is_included_is_so_whatever_its_case() {
        let listed = |text: &str| ListedFile {
            file: PlannedFile { path: path(text), size: 0, mtime_ns: 0, rerun: None, becomes: None },
            skip: None,
            inode: None,
        };
        for (text, expected) in [("p/x.jpg", true), ("p/Y.JPG", true), ("p/x.png", false)] {
            assert_eq!(choice(&["*.jpg"], &[]).wants(&listed(text)), expected, "{text}");
        }
        assert!(QueryPatterns::new(&FolderQuery { include: vec!["[a".into()], ..FolderQuery::default() }).is_err());
    }
}
