//! Words with tokens, as in GNU parallel: `{}` is the file, `{/.}` its name without the last extension.
//!
//! `docs/commands.md` lists the tokens and where they differ from parallel's; `tests/it/template.rs` compares both with
//! the real one.

/// A word with tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<TemplatePiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePiece {
    Text(Vec<u8>),
    Token(Token),
}

/// What is filled in for each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// `{}`: the file.
    Input,
    /// `{.}`: the file without its last extension.
    NoExtension,
    /// `{/}`: the file's name.
    Name,
    /// `{//}`: the file's folder.
    Folder,
    /// `{/.}`: the file's name without the last extension.
    Stem,
    /// `{#}`: the item's number, from 1.
    Number,
    /// `{%}`: the number of the worker, from 1.
    Slot,
    /// `{..}`: the file without its last two extensions, if it has two.
    NoExtensions,
    /// `{+.}`: the file's last extension, without the dot.
    Extension,
    /// `{0#}`: the item's number with as many digits as the largest.
    PaddedNumber,
    /// `{##}`: the number of items.
    Total,
    /// `{out}`: the path to which the output is to be written.
    Out,
    /// `{tmp}`: a folder of the attempt's own, removed when the attempt ends.
    Tmp,
}

const TOKENS: [(&str, Token); 13] = [
    ("{}", Token::Input),
    ("{.}", Token::NoExtension),
    ("{/}", Token::Name),
    ("{//}", Token::Folder),
    ("{/.}", Token::Stem),
    ("{#}", Token::Number),
    ("{%}", Token::Slot),
    ("{..}", Token::NoExtensions),
    ("{+.}", Token::Extension),
    ("{0#}", Token::PaddedNumber),
    ("{##}", Token::Total),
    ("{out}", Token::Out),
    ("{tmp}", Token::Tmp),
];

/// The values of an item's tokens.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The file, as bytes.
    pub input: &'a [u8],
    /// The item's number, from 1.
    pub number: u32,
    /// The number of items.
    pub total: u32,
    /// The number of the worker, from 1.
    pub slot: u32,
    /// The path to which the output is to be written.
    pub out: &'a [u8],
    /// The attempt's own folder.
    pub tmp: &'a [u8],
}

impl Template {
    /// Parses a word. Text in braces that is not a token stays as it is.
    pub fn new(word: &str) -> Self {
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let token = TOKENS.iter().find(|(token, _)| rest.starts_with(token));
            match token {
                Some((written, token)) => {
                    if !text.is_empty() {
                        pieces.push(TemplatePiece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(TemplatePiece::Token(*token));
                    rest = &rest[written.len()..];
                }
                None => {
                    text.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        if !text.is_empty() {
            pieces.push(TemplatePiece::Text(text));
        }
        Template(pieces)
    }

    /// A literal word: nothing in it counts as a token.
    pub fn text(text: &str) -> Self {
        Template(vec![TemplatePiece::Text(text.as_bytes().to_vec())])
    }

    /// The word as an argument of a program. If the word begins with a token, its value must not be taken for an
    /// option, so `-n` becomes `./-n`.
    pub fn argument(&self, values: &Values<'_>) -> Vec<u8> {
        let word = self.expand(values);
        match self.0.first() {
            Some(TemplatePiece::Token(_)) if word.first() == Some(&b'-') => [b"./", &word[..]].concat(),
            _ => word,
        }
    }

    /// The tokens in it.
    pub fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.0.iter().filter_map(|piece| match piece {
            TemplatePiece::Token(token) => Some(*token),
            TemplatePiece::Text(_) => None,
        })
    }

    /// Whether this byte occurs outside the tokens.
    pub fn says(&self, byte: u8) -> bool {
        self.0.iter().any(|piece| matches!(piece, TemplatePiece::Text(text) if text.contains(&byte)))
    }

    /// The word with its tokens replaced by an item's values.
    pub fn expand(&self, values: &Values<'_>) -> Vec<u8> {
        let mut word = Vec::new();
        for piece in &self.0 {
            match piece {
                TemplatePiece::Text(text) => word.extend_from_slice(text),
                TemplatePiece::Token(token) => word.extend_from_slice(&token.value(values)),
            }
        }
        word
    }
}

impl Token {
    fn value(self, values: &Values<'_>) -> Vec<u8> {
        let input = values.input;
        match self {
            Token::Input => input.to_vec(),
            Token::NoExtension => without_extension(input).to_vec(),
            Token::Name => name(input).to_vec(),
            Token::Folder => folder(input).to_vec(),
            Token::Stem => without_extension(name(input)).to_vec(),
            Token::Number => values.number.to_string().into_bytes(),
            Token::Slot => values.slot.to_string().into_bytes(),
            Token::NoExtensions => {
                let one = without_extension(input);
                let two = without_extension(one);
                if two.len() < one.len() { two.to_vec() } else { input.to_vec() }
            }
            Token::Extension => {
                let name = name(input);
                let stem = without_extension(name);
                name.get(stem.len() + 1..).unwrap_or_default().to_vec()
            }
            Token::PaddedNumber => {
                let digits = values.total.to_string().len();
                format!("{:0digits$}", values.number).into_bytes()
            }
            Token::Total => values.total.to_string().into_bytes(),
            Token::Out => values.out.to_vec(),
            Token::Tmp => values.tmp.to_vec(),
        }
    }
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

fn folder(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) => b"/",
        Some(at) => &path[..at],
        None => b".",
    }
}

/// A path without the last extension of its name. A dot at the beginning of a name does not begin an extension:
/// `.hidden` stays.
fn without_extension(path: &[u8]) -> &[u8] {
    let begins = path.len() - name(path).len();
    match path.iter().rposition(|byte| *byte == b'.') {
        Some(at) if at > begins => &path[..at],
        _ => path,
    }
}
