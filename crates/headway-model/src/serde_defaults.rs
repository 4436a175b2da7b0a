//! Serde helpers that omit fields holding their default.

/// Whether a value is its type's default.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The default of a field that is on unless the JSON turns it off.
pub(super) const fn yes() -> bool {
    true
}
