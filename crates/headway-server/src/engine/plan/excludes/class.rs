//! One of several characters: `[a-z]`, `[!abc]`, `[[:digit:]]`.

use super::ExcludeError;

#[derive(Debug)]
pub(super) struct Class {
    parts: Vec<ClassPart>,
    /// Whether it matches every character but these.
    is_negated: bool,
}

#[derive(Debug)]
enum ClassPart {
    Range(u32, u32),
    Kind(fn(char) -> bool),
}

impl Class {
    /// Reads the class whose `[` ends before `at`, and moves `at` behind its `]`.
    pub(super) fn read(chars: &[char], at: &mut usize) -> Result<Self, ExcludeError> {
        let is_negated = matches!(chars.get(*at), Some('!' | '^'));
        *at += usize::from(is_negated);
        let mut parts = Vec::new();
        // The character that a range can begin with.
        let mut first = None;
        loop {
            let char = taken(chars, at)?;
            let rest = chars.get(*at..).unwrap_or_default();
            match (char, first, rest) {
                // A `]` is one of them if it comes first.
                (']', _, _) if !parts.is_empty() => return Ok(Class { parts, is_negated }),
                ('-', Some(low), [next, ..]) if *next != ']' => {
                    let next = taken(chars, at)?;
                    let high = if next == '\\' { taken(chars, at)? } else { next };
                    parts.push(ClassPart::Range(low, u32::from(high)));
                    first = None;
                }
                ('[', _, [':', inner @ ..]) if named(inner)?.is_some() => {
                    let name = named(inner)?.unwrap_or_default();
                    *at += name.len() + 3;
                    parts.push(ClassPart::Kind(kind(&name)?));
                    first = None;
                }
                _ => {
                    let one = u32::from(if char == '\\' { taken(chars, at)? } else { char });
                    parts.push(ClassPart::Range(one, one));
                    first = Some(one);
                }
            }
        }
    }

    /// Whether it matches a character of a folded text. Case does not matter to a range either.
    pub(super) fn has(&self, unit: u32) -> bool {
        let char = char::from_u32(unit);
        let upper = char.and_then(|char| char.to_uppercase().next()).map_or(unit, u32::from);
        let is_in = |member: &ClassPart| match member {
            ClassPart::Range(low, high) => (*low..=*high).contains(&unit) || (*low..=*high).contains(&upper),
            ClassPart::Kind(kind) => char.is_some_and(kind),
        };
        self.parts.iter().any(is_in) != self.is_negated
    }
}

fn taken(chars: &[char], at: &mut usize) -> Result<char, ExcludeError> {
    *at += 1;
    chars.get(*at - 1).copied().ok_or(ExcludeError::Unclosed)
}

/// The name in `[:name:]`, whose `[:` was read; `None` if the next `]` does not end one.
fn named(inner: &[char]) -> Result<Option<String>, ExcludeError> {
    let end = inner.iter().position(|char| *char == ']').ok_or(ExcludeError::Unclosed)?;
    Ok(inner[..end].strip_suffix(&[':']).map(|name| name.iter().collect()))
}

/// The characters of a named class. The text is in lower case, so both cases of letters are one.
fn kind(name: &str) -> Result<fn(char) -> bool, ExcludeError> {
    Ok(match name {
        "alnum" => char::is_alphanumeric,
        "alpha" => char::is_alphabetic,
        "blank" => |char| matches!(char, ' ' | '\t'),
        "cntrl" => char::is_control,
        "digit" => |char| char.is_ascii_digit(),
        "graph" => |char| !char.is_control() && !char.is_whitespace(),
        "lower" | "upper" => |char| char.is_lowercase() || char.is_uppercase(),
        "print" => |char| !char.is_control(),
        "punct" => |char| char.is_ascii_punctuation(),
        "space" => char::is_whitespace,
        "xdigit" => |char| char.is_ascii_hexdigit(),
        _ => return Err(ExcludeError::NoClass(name.to_owned())),
    })
}
