//! Texts of a limited length.

/// Truncates a text to at most `limit` bytes at a character boundary, and marks the cut with an ellipsis.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_ends_at_a_character() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("ääääää", 8), "ää…");
    }
}
