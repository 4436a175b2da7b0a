//! Where a value is in a request: as a JSON pointer (RFC 6901) into its body, or as a parameter of its query.

use std::fmt;

/// A place in a request.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestPlace(String);

impl RequestPlace {
    /// A parameter of the query.
    pub(super) fn parameter(name: &str) -> Self {
        RequestPlace(format!("the parameter {name}"))
    }

    /// A field of the object at this place.
    pub(super) fn field(&self, name: &str) -> Self {
        RequestPlace(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// A member of the list at this place.
    pub(super) fn member(&self, index: usize) -> Self {
        RequestPlace(format!("{}/{index}", self.0))
    }

    /// The place to which serde's path leads.
    pub(super) fn of(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        path.iter().fold(RequestPlace::default(), |at, segment| match segment {
            Segment::Seq { index } => at.member(*index),
            Segment::Map { key: name } | Segment::Enum { variant: name } => at.field(name),
            Segment::Unknown => at,
        })
    }

    /// The JSON pointer of a place in a body; `None` for the whole of it.
    pub(super) fn pointer(self) -> Option<String> {
        (!self.is_whole()).then_some(self.0)
    }

    /// Whether it is the whole request.
    pub(super) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for RequestPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_whole() { "the request" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_body_is_a_json_pointer() {
        let whole = RequestPlace::default();
        assert_eq!(whole.to_string(), "the request");
        let member = whole.field("query").field("paths").member(1);
        assert_eq!(member.to_string(), "/query/paths/1");
        let odd = whole.field("a/b~c");
        assert_eq!(odd.to_string(), "/a~1b~0c");
        let value = serde_json::json!({ "a/b~c": 7 });
        assert_eq!(value.pointer(&odd.to_string()), Some(&serde_json::json!(7)));
    }
}
