//! The recipes that come with Headway. Commands of a configuration and recipes of an embedding program have other names.

/// The names of the manifests that a checksum job makes: of SHA-256 hashes, and of BLAKE3 hashes.
pub const CHECKSUM_MANIFESTS: [&str; 2] = ["SHA256SUMS", "B3SUMS"];

/// Generates the recipes and their names from one list, so that no name is spelled in two ways.
macro_rules! built_in {
    ($($recipe:ident = $name:literal),* $(,)?) => {
        /// A recipe that comes with Headway. Its name is part of requests and logs, so it never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum BuiltIn {
            $(#[doc = concat!("`", $name, "`")] $recipe),*
        }

        impl BuiltIn {
            /// Every recipe that comes with Headway.
            pub const ALL: &[BuiltIn] = &[$(BuiltIn::$recipe),*];

            /// The name, as requests have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(BuiltIn::$recipe => $name),*
                }
            }

            /// The recipe with this name; `None` for a recipe that does not come with Headway.
            pub fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(BuiltIn::$recipe),)*
                    _ => None,
                }
            }
        }
    };
}

built_in! {
    Archive = "archive",
    Checksum = "checksum",
    Comic = "comic",
    Command = "command",
    Compress = "compress",
    Deduplicate = "deduplicate",
    Duplicates = "duplicates",
    Health = "health",
    Image = "image",
    Metadata = "metadata",
    Rename = "rename",
    Repack = "repack",
    Undo = "undo",
    Verify = "verify",
}

impl BuiltIn {
    /// Whether it only tests whether files are sound. A second look at the same bytes finds the same, so retrying its
    /// failures helps only after the damaged files were replaced by good copies.
    pub fn only_tests(self) -> bool {
        use BuiltIn as B;
        match self {
            B::Archive | B::Health | B::Verify => true,
            B::Checksum
            | B::Comic
            | B::Command
            | B::Compress
            | B::Deduplicate
            | B::Duplicates
            | B::Image
            | B::Metadata
            | B::Rename
            | B::Repack
            | B::Undo => false,
        }
    }

    /// Whether it is known to read its files from beginning to end. What a program reads is not known.
    pub fn reads_all(self) -> bool {
        use BuiltIn as B;
        match self {
            B::Archive | B::Checksum | B::Compress | B::Image | B::Repack | B::Verify => true,
            B::Comic | B::Command | B::Deduplicate | B::Duplicates | B::Health | B::Metadata | B::Rename | B::Undo => {
                false
            }
        }
    }
}
