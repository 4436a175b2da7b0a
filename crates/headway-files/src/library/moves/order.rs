//! Finds an order for moves whose files take names from each other, along a chain or around a cycle.

use headway_model::{Move, RelPath};

impl super::Moves {
    /// Puts moves into an order in which every name is free when it is taken. To break a cycle, one file is first
    /// moved to a parking name, which `park` makes from a number. The item's own file is moved first; if it would
    /// have to wait for others, it is parked too. Nobody else touches a parking name, because it is one of Headway's
    /// own names.
    pub fn arrange(mut moves: Vec<Move>, park: impl Fn(usize) -> Option<RelPath>) -> Vec<Move> {
        let waits = |at: usize, moves: &[Move]| {
            let takes_from = |step: &Move| step.from == moves[at].to && !step.from.is_reserved();
            moves.iter().enumerate().any(|(other, step)| other != at && takes_from(step))
        };
        let mut arranged = Vec::with_capacity(moves.len() + 1);
        let mut parked = 0;
        let mut is_first = true;
        while !moves.is_empty() {
            let free = match is_first {
                true => Some(0).filter(|_| !waits(0, &moves)),
                false => (0..moves.len()).find(|at| !waits(*at, &moves)),
            };
            match (free, park(parked)) {
                (Some(at), _) => arranged.push(moves.remove(at)),
                (None, Some(name)) => {
                    let step = moves.remove(0);
                    arranged.push(Move { to: name.clone(), ..step.clone() });
                    moves.push(Move { from: name, ..step });
                    parked += 1;
                }
                // No file can be parked.
                (None, None) => {
                    let at = (0..moves.len()).find(|at| !waits(*at, &moves));
                    arranged.push(moves.remove(at.unwrap_or(0)));
                }
            }
            is_first = false;
        }
        arranged
    }
}

#[cfg(test)]
mod tests {
    use super::super::Moves;
    use super::*;

    fn arranged(moves: &[(&str, &str)], park: bool) -> Vec<(String, String)> {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let step = |(from, to): &(&str, &str)| Move {
            from: path(from),
            to: path(to),
            size: 0,
            mtime_ns: 0,
            hash: None,
            inode: None,
        };
        let arranged =
            Moves::arrange(moves.iter().map(step).collect(), |number| park.then(|| path(&format!("p{number}"))));
        assert!(Moves::new(arranged.clone()).is_ok(), "{arranged:?}");
        arranged.iter().map(|step| (step.from.to_string(), step.to.to_string())).collect()
    }

    fn of(moves: &[(&str, &str)]) -> Vec<(String, String)> {
        moves.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn a_name_is_free_when_it_is_taken_and_the_first_file_stays_the_first() {
        let free = [("a", "x"), ("b", "y")];
        assert_eq!(arranged(&free, true), of(&free));
        assert_eq!(
            arranged(&[("a", "b"), ("b", "c"), ("c", "d")], true),
            of(&[("a", "p0"), ("c", "d"), ("b", "c"), ("p0", "b")])
        );
        assert_eq!(
            arranged(&[("a", "b"), ("b", "c"), ("c", "a")], true),
            of(&[("a", "p0"), ("c", "a"), ("b", "c"), ("p0", "b")])
        );
        // Each file has a sidecar, which makes two cycles.
        assert_eq!(
            arranged(&[("a", "b"), ("a.x", "b.x"), ("b", "a"), ("b.x", "a.x")], true),
            of(&[("a", "p0"), ("b", "a"), ("p0", "b"), ("a.x", "p1"), ("b.x", "a.x"), ("p1", "b.x")])
        );
        // A change of case that already goes through a parking name keeps doing so.
        let letters = [("A", ".headway-kept-1"), (".headway-kept-1", "a")];
        assert_eq!(arranged(&letters, true), of(&letters));
        // A file that goes to the trash frees its name for another file.
        assert_eq!(arranged(&[("new", "a"), ("a", "trash")], false), of(&[("a", "trash"), ("new", "a")]));
    }
}
