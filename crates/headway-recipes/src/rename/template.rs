//! The template of a new name: the common tokens, and those that only *rename* has.

use serde::Deserialize;

use headway_files::template::{Template, Token, Values};

use super::taken::Taken;

/// Maximum width of a zero-padded counter.
const DIGITS_LIMIT: usize = 10;

/// The default format of a date.
const DATE: &str = "%Y-%m-%d_%H-%M-%S";

/// What is wrong with a template: the message shown beside the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct WrongTemplate(String);

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameTemplate(Vec<RenamePiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum RenamePiece {
    /// Text and common tokens.
    Word(Template),
    /// `{#}` and `{#:4}`: the item's number, with at least this many digits.
    Counter(usize),
    /// `{exif:date}` and `{exif:date:%Y}`: when the photo was taken.
    Date(String),
}

impl NameTemplate {
    /// Parses a template.
    pub(super) fn new(text: &str) -> Result<Self, WrongTemplate> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut word = String::new();
        while let Some(at) = rest.find('{') {
            let (before, token) = rest.split_at(at);
            let end = token.find('}').ok_or_else(|| WrongTemplate(format!("a {{ in {text:?} has no }}")))?;
            let (token, after) = token.split_at(end + 1);
            word.push_str(before);
            match own(token)? {
                Some(piece) => pieces.extend([RenamePiece::Word(plain(&std::mem::take(&mut word))?), piece]),
                None => word.push_str(token),
            }
            rest = after;
        }
        word.push_str(rest);
        pieces.push(RenamePiece::Word(plain(&word)?));
        let template = NameTemplate(pieces);
        match template.is_same_for_all() {
            true => Err(WrongTemplate(format!("{text:?} would be the same for every file; add {{#}} or {{/.}} to it"))),
            false => Ok(template),
        }
    }

    /// Whether it contains the date of a photo.
    pub(super) fn wants_date(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, RenamePiece::Date(_)))
    }

    /// The new name of a file, from its path on disk, its number, and the date of the photo.
    pub(super) fn expand(&self, path: &[u8], number: u32, taken: Option<&Taken>) -> Vec<u8> {
        let values = Values { input: path, number, total: 0, slot: 0, out: b"", tmp: b"" };
        let mut name = Vec::new();
        for piece in &self.0 {
            match piece {
                RenamePiece::Word(word) => name.extend(word.expand(&values)),
                RenamePiece::Counter(digits) => name.extend(format!("{number:0digits$}").into_bytes()),
                RenamePiece::Date(format) => {
                    name.extend(taken.map(|taken| date(format, taken)).unwrap_or_default().into_bytes())
                }
            }
        }
        name
    }

    fn is_same_for_all(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, RenamePiece::Word(word) if word.tokens().all(|token| token == Token::Extension || token == Token::Folder)))
    }
}

/// Parses a token that only *rename* has; `None` if it can be a common one.
fn own(token: &str) -> Result<Option<RenamePiece>, WrongTemplate> {
    let inner = &token[1..token.len() - 1];
    if inner == "#" {
        return Ok(Some(RenamePiece::Counter(1)));
    }
    if let Some(digits) = inner.strip_prefix("#:") {
        let digits = digits.parse().ok().filter(|digits| (1..=DIGITS_LIMIT).contains(digits));
        return digits.map(|digits| Some(RenamePiece::Counter(digits))).ok_or_else(|| {
            let text =
                format!("{token} is not a counter: write {{#:4}} for at least four digits, and at most {DIGITS_LIMIT}");
            WrongTemplate(text)
        });
    }
    match inner.strip_prefix("exif:date") {
        Some("") => Ok(Some(RenamePiece::Date(DATE.to_owned()))),
        Some(rest) if rest.starts_with(':') => checked(&rest[1..]).map(|format| Some(RenamePiece::Date(format))),
        _ => Ok(None),
    }
}

/// Checks a date format, which may use only letters that [`date`] knows.
fn checked(format: &str) -> Result<String, WrongTemplate> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let letter = rest[at + 1..].chars().next();
        if !letter.is_some_and(|letter| "YmdHMS%".contains(letter)) {
            return Err(WrongTemplate(format!("{format:?} is not a format of a date: there are %Y %m %d %H %M %S")));
        }
        rest = &rest[at + 2..];
    }
    match format.is_empty() {
        true => Err(WrongTemplate("the format of a date is empty".into())),
        false => Ok(format.to_owned()),
    }
}

fn date(format: &str, taken: &Taken) -> String {
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('Y') => text.push_str(&format!("{:04}", taken.year)),
            Some('m') => text.push_str(&format!("{:02}", taken.month)),
            Some('d') => text.push_str(&format!("{:02}", taken.day)),
            Some('H') => text.push_str(&format!("{:02}", taken.hour)),
            Some('M') => text.push_str(&format!("{:02}", taken.minute)),
            Some('S') => text.push_str(&format!("{:02}", taken.second)),
            other => text.extend(other),
        }
    }
    text
}

/// Parses text that may contain only the tokens of a file's name.
fn plain(word: &str) -> Result<Template, WrongTemplate> {
    let template = Template::new(word);
    if template.says(b'{') || template.says(b'}') {
        return Err(WrongTemplate(format!(
            "{word:?} has braces that are no token: there are {{/}} {{/.}} {{+.}} {{//}} {{#}} {{#:4}} {{exif:date}} {{exif:date:%Y}}"
        )));
    }
    let fits = |token| matches!(token, Token::Name | Token::Stem | Token::Extension | Token::Folder);
    if !template.tokens().all(fits) {
        let text = format!("{word:?} has a token that is not a part of a name: take {{/}}, {{/.}}, {{+.}} or {{//}}");
        return Err(WrongTemplate(text));
    }
    Ok(template)
}

/// The case of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Case {
    Keep,
    Lower,
    Upper,
    #[serde(rename = "ending")]
    LowerExtension,
}

impl Case {
    pub(super) const CHOICES: [(&'static str, &'static str); 4] = [
        ("keep", "as they are"),
        ("lower", "lower case"),
        ("upper", "upper case"),
        ("ending", "lower case in the extension only"),
    ];

    /// Converts the case of a name. Bytes that are not valid UTF-8 stay.
    pub(super) fn name(self, name: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(name) else { return name.to_vec() };
        let changed = match (self, text.rsplit_once('.')) {
            (Case::Keep, _) => text.to_owned(),
            (Case::Lower, _) => text.to_lowercase(),
            (Case::Upper, _) => text.to_uppercase(),
            (Case::LowerExtension, Some((stem, extension))) if !stem.is_empty() => {
                format!("{stem}.{}", extension.to_lowercase())
            }
            (Case::LowerExtension, _) => text.to_owned(),
        };
        changed.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: Taken = Taken { year: 2024, month: 6, day: 1, hour: 9, minute: 5, second: 0 };

    fn name(template: &str, path: &str) -> String {
        let template = NameTemplate::new(template).expect("a template");
        String::from_utf8(template.expand(path.as_bytes(), 7, Some(&TAKEN))).expect("a text")
    }

    #[test]
    fn a_name_is_made_of_dates_counters_and_parts_of_the_path() {
        for (template, expected) in [
            ("{exif:date}.{+.}", "2024-06-01_09-05-00.JPG"),
            ("{exif:date:%Y%m%d}-{#:4}.{+.}", "20240601-0007.JPG"),
            ("{/.}_{#}.jpg", "IMG 1_7.jpg"),
            ("/{exif:date:%Y/%m}/{/}", "/2024/06/IMG 1.JPG"),
            ("{//}-{/}", "trips/rome-IMG 1.JPG"),
            ("{exif:date:100%%}{/}", "100%IMG 1.JPG"),
        ] {
            assert_eq!(name(template, "trips/rome/IMG 1.JPG"), expected, "{template}");
        }
    }

    #[test]
    fn an_error_in_a_template_is_reported() {
        for (template, says) in [
            ("x{", "has no }"),
            ("{exif:dat}{/}", "no token"),
            ("{#:0}", "not a counter"),
            ("{#:11}", "not a counter"),
            ("{exif:date:%y}", "%Y %m %d"),
            ("{exif:date:%}", "%Y %m %d"),
            ("{exif:date:}", "empty"),
            ("{}", "not a part of a name"),
            ("{/}{##}", "not a part of a name"),
            ("photo.{+.}", "same for every file"),
        ] {
            let WrongTemplate(wrong) = NameTemplate::new(template).expect_err(template);
            assert!(wrong.contains(says), "{template}: {wrong}");
        }
    }

    #[test]
    fn case_changes_for_text_and_other_bytes_stay() {
        assert_eq!(Case::Lower.name("ÄB.JPG".as_bytes()), "äb.jpg".as_bytes());
        assert_eq!(Case::Upper.name(b"a.jpg"), b"A.JPG");
        assert_eq!(Case::LowerExtension.name(b"IMG.Tar.GZ"), b"IMG.Tar.gz");
        assert_eq!(Case::LowerExtension.name(b".HIDDEN"), b".HIDDEN");
        assert_eq!(Case::Lower.name(b"\xffA"), b"\xffA");
    }
}
