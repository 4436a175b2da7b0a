//! The words of a PDF file (ISO 32000-2, section 7.2).

/// Why a piece of text was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PdfGap {
    /// It goes on after the piece.
    More,
    /// It makes no sense.
    Senseless,
}

/// A piece of text that is read from its beginning.
#[derive(Debug, Clone)]
pub(super) struct PdfText<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    /// Whether nothing follows the piece.
    is_whole: bool,
}

/// Whether a byte separates words.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// Whether a byte ends a word and begins something else.
fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// The number that a word of digits is; `None` for any other word.
pub(super) fn digits(word: &[u8]) -> Option<u64> {
    let is_number = !word.is_empty() && word.len() <= 18 && word.iter().all(u8::is_ascii_digit);
    is_number.then(|| word.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

impl<'a> PdfText<'a> {
    /// A piece of text, and whether nothing follows it.
    pub(super) fn new(bytes: &'a [u8], is_whole: bool) -> Self {
        PdfText { bytes, at: 0, is_whole }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Why a piece is too short.
    pub(super) fn gap(&self) -> PdfGap {
        if self.is_whole { PdfGap::Senseless } else { PdfGap::More }
    }

    /// Skips spaces and comments.
    pub(super) fn skip_space(&mut self) {
        while let [byte, rest @ ..] = self.rest() {
            match byte {
                b'%' => {
                    let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                    self.at += 1 + length.unwrap_or(rest.len());
                }
                byte if is_space(*byte) => self.at += 1,
                _ => break,
            }
        }
    }

    /// The first byte after spaces.
    pub(super) fn peek(&mut self) -> Result<u8, PdfGap> {
        self.skip_space();
        self.rest().first().copied().ok_or(self.gap())
    }

    /// The word after spaces; it is empty before a delimiter.
    pub(super) fn word(&mut self) -> Result<&'a [u8], PdfGap> {
        self.skip_space();
        let rest = self.rest();
        let length = match rest.iter().position(|byte| is_space(*byte) || is_delimiter(*byte)) {
            Some(length) => length,
            None if self.is_whole => rest.len(),
            None => return Err(PdfGap::More),
        };
        self.at += length;
        Ok(&rest[..length])
    }

    /// The word after spaces, as a number of digits.
    pub(super) fn number(&mut self) -> Result<u64, PdfGap> {
        digits(self.word()?).ok_or(PdfGap::Senseless)
    }

    /// Reads this, if it comes next. A piece that ends within it is too short.
    pub(super) fn takes(&mut self, mark: &[u8]) -> Result<bool, PdfGap> {
        let rest = self.rest();
        if rest.starts_with(mark) {
            self.at += mark.len();
            return Ok(true);
        }
        match !self.is_whole && mark.starts_with(rest) {
            true => Err(PdfGap::More),
            false => Ok(false),
        }
    }
}
