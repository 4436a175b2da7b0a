//! Numbers in the text.

use super::NotRead;
use super::lexer::Lexer;

/// A whole number with so many digits is never too large to be read, if only as a fraction.
const WHOLE_DIGITS: usize = 300;

/// A parsed number.
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// The nearest floating-point number to a decimal number in the form that JSON has. A browser has code for that already; Rust's own is 10 kB
/// of tables that each page would download.
#[cfg(target_arch = "wasm32")]
pub(crate) fn fraction(decimal: &str) -> f64 {
    js_sys::Number::parse_float(decimal)
}

/// The nearest floating-point number to a decimal number in the form that JSON has.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn fraction(decimal: &str) -> f64 {
    decimal.parse().unwrap_or(f64::NAN)
}

impl Lexer<'_> {
    /// A number.
    #[inline(never)]
    pub(super) fn number(&mut self) -> Result<Number, NotRead> {
        self.peek();
        let (text, begun) = (self.text, self.at);
        let is_whole = self.digits()?;
        let digits = &text[begun..self.at];
        if is_whole && let Ok(number) = digits.parse() {
            return Ok(Number::Unsigned(number));
        }
        // `-0` is read as a fraction, so that it keeps the sign.
        if is_whole
            && digits != "-0"
            && let Ok(number) = digits.parse()
        {
            return Ok(Number::Signed(number));
        }
        let number = fraction(digits);
        if number.is_finite() { Ok(Number::Float(number)) } else { Err(self.expected("a smaller number")) }
    }

    /// Consumes a number, and refuses one that [`Lexer::number`] refuses.
    #[inline(never)]
    pub(super) fn check_number(&mut self) -> Result<(), NotRead> {
        self.peek();
        let begun = self.at;
        if self.digits()? && self.at - begun <= WHOLE_DIGITS {
            return Ok(());
        }
        self.at = begun;
        self.number().map(drop)
    }

    /// Scans a number, and returns whether it is whole.
    fn digits(&mut self) -> Result<bool, NotRead> {
        self.at += usize::from(self.here() == b'-');
        // A leading zero is followed by no other digit.
        if self.here() == b'0' {
            self.at += 1
        } else {
            self.some_digits()?
        }
        let mut is_whole = true;
        if self.here() == b'.' {
            (self.at, is_whole) = (self.at + 1, false);
            self.some_digits()?;
        }
        if matches!(self.here(), b'e' | b'E') {
            (self.at, is_whole) = (self.at + 1, false);
            self.at += usize::from(matches!(self.here(), b'+' | b'-'));
            self.some_digits()?;
        }
        Ok(is_whole)
    }

    fn some_digits(&mut self) -> Result<(), NotRead> {
        if !self.here().is_ascii_digit() {
            return Err(self.expected("a digit"));
        }
        while self.here().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }
}
