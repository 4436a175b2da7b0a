//! The template of a comic's name.

use super::number::padded;

/// Maximum width of a zero-padded number.
const DIGITS_LIMIT: usize = 10;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComicTemplate(Vec<ComicPiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum ComicPiece {
    Text(String),
    Word(ComicWord),
    /// The number, with at least this many digits.
    Issue(usize),
}

/// A property of a comic that its name can contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComicWord {
    Series,
    Issue,
    Title,
    Volume,
    Year,
    Publisher,
}

const WORDS: [(&str, ComicWord); 6] = [
    ("series", ComicWord::Series),
    ("issue", ComicWord::Issue),
    ("title", ComicWord::Title),
    ("volume", ComicWord::Volume),
    ("year", ComicWord::Year),
    ("publisher", ComicWord::Publisher),
];

impl ComicTemplate {
    /// Parses a template. The error is the message shown beside the setting.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (token, after) = after.split_once('}').ok_or_else(|| format!("a {{ in {text:?} has no }}"))?;
            pieces.extend([ComicPiece::Text(before.to_owned()), piece(token)?]);
            rest = after;
        }
        pieces.push(ComicPiece::Text(rest.to_owned()));
        let is_word = |piece: &ComicPiece| {
            matches!(piece, ComicPiece::Issue(_) | ComicPiece::Word(ComicWord::Issue | ComicWord::Title))
        };
        if text.contains(['/', '\0']) {
            return Err(format!("{text:?} has a /, and a comic stays in its folder"));
        }
        if !pieces.iter().any(is_word) {
            return Err(format!("{text:?} would give all comics of a series one name; add {{issue:04}} to it"));
        }
        Ok(ComicTemplate(pieces))
    }

    /// The name without its extension; the error is a property of the comic that is not known.
    pub(super) fn expand(&self, value: impl Fn(ComicWord) -> Option<String>) -> Result<String, ComicWord> {
        let of = |word| value(word).ok_or(word);
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                ComicPiece::Text(text) => name.push_str(text),
                ComicPiece::Word(word) => name.push_str(&of(*word)?),
                ComicPiece::Issue(digits) => name.push_str(&padded(&of(ComicWord::Issue)?, *digits)),
            }
        }
        Ok(name)
    }
}

/// Parses one token. The error is as above.
fn piece(token: &str) -> Result<ComicPiece, String> {
    if let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == token) {
        return Ok(ComicPiece::Word(*word));
    }
    let digits = token.strip_prefix("issue:0").and_then(|digits| digits.parse().ok());
    match digits.filter(|digits| (1..=DIGITS_LIMIT).contains(digits)) {
        Some(digits) => Ok(ComicPiece::Issue(digits)),
        None => {
            let words = WORDS.map(|(name, _)| format!("{{{name}}}")).join(", ");
            Err(format!("{{{token}}} is unknown; there are {words}, and {{issue:04}} with up to {DIGITS_LIMIT} digits"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_what_is_known() {
        let template = ComicTemplate::new("{series} - Chapter {issue:04} ({year})").expect("a template");
        let known = |word| match word {
            ComicWord::Series => Some("S".to_owned()),
            ComicWord::Issue => Some("10.5".into()),
            _ => None,
        };
        assert_eq!(template.expand(known), Err(ComicWord::Year));
        let all = |word| known(word).or_else(|| Some("2001".into()));
        assert_eq!(template.expand(all).as_deref(), Ok("S - Chapter 0010.5 (2001)"));
        for (text, says) in [
            ("{series}", "one name"),
            ("{issue:04", "has no }"),
            ("{issue:99}", "is unknown"),
            ("{pages}{issue}", "is unknown"),
            ("{series}/{issue}", "stays in its folder"),
        ] {
            let told = ComicTemplate::new(text).expect_err(says);
            assert!(told.contains(says), "{told}");
        }
    }
}
