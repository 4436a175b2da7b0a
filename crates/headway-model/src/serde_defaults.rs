//! What is not said in JSON: fields left out when they have their default value.

/// Whether a value is its type's default one.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The default value of a field that is on unless said otherwise.
pub(super) const fn yes() -> bool {
    true
}
