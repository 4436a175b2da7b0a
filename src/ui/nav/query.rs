//! The query of an address.

/// The names and values of a query, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ui) struct AddressQuery(Vec<(String, String)>);

impl AddressQuery {
    /// Parses a query as forms and links write it, with or without its question mark.
    pub(in crate::ui) fn read(text: &str) -> Self {
        let pairs = text.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        AddressQuery(pairs.map(|(name, text)| (decoded(name), decoded(text))).collect())
    }

    /// The first value with this name.
    pub(in crate::ui) fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    }
}

/// Decodes a text: `+` is a space, and `%` begins a hexadecimal byte; a `%` without one stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_decoded_once() {
        let query = AddressQuery::read("?a=100%25+b%2Bc&empty=&bare&a=second&cut=%2");
        assert_eq!(query.get("a").as_deref(), Some("100% b+c"));
        assert_eq!(query.get("empty").as_deref(), Some(""));
        assert_eq!(query.get("cut").as_deref(), Some("%2"));
        assert_eq!(query.get("bare"), None);
    }
}
