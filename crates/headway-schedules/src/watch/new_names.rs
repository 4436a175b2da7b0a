//! Commands that give their file a new name by themselves: without care, each new name would be a new file, without end.

use std::collections::{BTreeMap, HashMap};

use headway_model::RelPath;

/// How many names in a row can each be made from the one before.
pub(super) const GENERATIONS: u32 = 5;

/// How many edges of words are considered at each end of a name.
const EDGES: usize = 16;

/// The names of the known files, each with its generation.
pub(super) struct KnownNames<'a> {
    generations: HashMap<&'a RelPath, u32>,
    /// By the stem, and the length of the whole name: the highest generation.
    stems: HashMap<&'a str, BTreeMap<usize, u32>>,
}

impl<'a> KnownNames<'a> {
    /// These files, each with its generation.
    pub(super) fn new(files: impl Iterator<Item = (&'a RelPath, u32)>) -> Self {
        let mut known = KnownNames { generations: HashMap::new(), stems: HashMap::new() };
        for (path, generation) in files {
            known.generations.insert(path, generation);
            let name = path.name();
            if !stem(name).is_empty() {
                let highest = known.stems.entry(stem(name)).or_default().entry(name.len()).or_default();
                *highest = generation.max(*highest);
            }
        }
        known
    }

    /// How many names in a row led to this one: each is longer than a known one, which it contains. Zero for a name of its own.
    pub(super) fn generation(&self, path: &RelPath) -> u32 {
        if let Some(known) = self.generations.get(path) {
            return *known;
        }
        let name = path.name();
        let shorter = parts(name).filter_map(|part| self.stems.get(part)).flat_map(|known| known.range(..name.len()));
        shorter.map(|(_, generation)| generation + 1).max().unwrap_or_default()
    }
}

/// Says that no job is started for this file and others like it.
pub(super) fn must_end(example: &RelPath) -> String {
    let example = example.shown();
    format!(
        "more than {GENERATIONS} names in a row were each made from the one before, up to {example:?}: the command seems to give each \
         file a new name. No job is started for such files. Have the command write elsewhere, or exclude these names by a pattern of \
         the preset"
    )
}

/// What a name can be made from: its beginnings, the ends of its stem, and whole words in it.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let is_edge = |at: &usize| {
        let beside = [name[..*at].chars().next_back(), name[*at..].chars().next()];
        beside.into_iter().flatten().filter(|letter| letter.is_alphanumeric()).count() < 2
    };
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    let edges: Vec<_> = ends.clone().filter(is_edge).collect();
    let last = &edges[edges.len().saturating_sub(EDGES)..];
    let mut words = Vec::new();
    for from in edges.iter().take(EDGES) {
        words.extend(last.iter().filter(|to| *to > from).map(|to| &name[*from..*to]));
    }
    let stem = stem(name);
    let beginnings = ends.map(move |end| &name[..end]);
    beginnings.chain(stem.char_indices().map(move |(at, _)| &stem[at..])).chain(words)
}

/// A name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(known: &[(&str, u32)], name: &str) -> u32 {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let known: Vec<_> = known.iter().map(|(name, generation)| (path(name), *generation)).collect();
        KnownNames::new(known.iter().map(|(path, generation)| (path, *generation))).generation(&path(name))
    }

    #[test]
    fn a_name_is_made_from_a_shorter_one_that_is_its_beginning_its_end_or_a_word_in_it() {
        for made in
            ["in/Bild.jpg.x", "in/Bild2.jpg", "out/Bild-s.jpg", "in/smallBild.jpg", "in/t_Bild_2.jpg", "in/ä.Bild.ä"]
        {
            assert_eq!(generation(&[("in/Bild.jpg", 3), ("in/B.jpg", 1)], made), 4, "{made}");
        }
        for other in ["in/Bild.png", "in/Bil.jpeg", "in/unBilded.jpg", "in/bild-s.jpg"] {
            assert_eq!(generation(&[("in/Bild.jpg", 3)], other), 0, "{other}");
        }
        let many = "2026-01-05 12-30-11 at the lake (1 of 3)";
        assert_eq!(
            generation(&[(format!("{many}.jpg").as_str(), 3)], &format!("t_{many}_2.jpg")),
            4,
            "it has many words"
        );
        assert_eq!(generation(&[("in/a.jpg", 0), ("in/a.jpg.x", 1), ("in/a", 5)], "in/a.jpg.x"), 1, "it is known");
        assert_eq!(generation(&[("in/scan.001", 2)], "in/scan.002"), 0, "it is not longer");
        assert_eq!(generation(&[("in/.a", 2)], "in/b.a"), 0);
    }

    #[test]
    fn a_name_of_many_edges_has_few_parts() {
        assert!(parts(&"-".repeat(255)).count() < 1000);
    }
}
