//! The attributes of `serde` that say how a type is read.

use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Path, Result, Type};

/// The `serde` attributes of a type.
#[derive(Default)]
pub(crate) struct Container {
    /// The conversion from another type, which is read in its place.
    pub(crate) through: Option<TokenStream>,
    /// The field that names the variant.
    pub(crate) tag: Option<String>,
    /// Whether the first variant that can be read is taken.
    pub(crate) is_untagged: bool,
    /// Whether names are in snake case.
    pub(crate) is_snake: bool,
    /// Whether fields that are left out are those of the default.
    pub(crate) has_defaults: bool,
    /// Whether a field that it does not know is an error.
    pub(crate) is_closed: bool,
}

/// Where a field comes from.
pub(crate) enum FieldSource {
    /// The field with this name.
    Named(String),
    /// The object that holds the other fields.
    Flattened,
    /// It is not in the JSON.
    Skipped,
}

/// The `serde` attributes of a field.
pub(crate) struct FieldAttributes {
    pub(crate) source: FieldSource,
    /// Its value if the field is absent. Without one, only an `Option` can be absent.
    pub(crate) default: Option<TokenStream>,
}

impl Container {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Container::default();
        each(attributes, |meta| {
            if meta.path.is_ident("tag") {
                container.tag = Some(text(meta)?.value());
            } else if meta.path.is_ident("untagged") {
                container.is_untagged = true;
            } else if meta.path.is_ident("rename_all") {
                if text(meta)?.value() != "snake_case" {
                    return Err(meta.error("only snake_case is known"));
                }
                container.is_snake = true;
            } else if meta.path.is_ident("default") && !meta.input.peek(syn::Token![=]) {
                container.has_defaults = true;
            } else if meta.path.is_ident("deny_unknown_fields") {
                container.is_closed = true;
            } else if meta.path.is_ident("from") {
                let other: Type = text(meta)?.parse()?;
                container.through =
                    Some(quote!(<#other as ::headway_model::read::FromJson>::from_json(json).map(Self::from)));
            } else if meta.path.is_ident("try_from") {
                let other: Type = text(meta)?.parse()?;
                container.through = Some(quote! {
                    let other = <#other as ::headway_model::read::FromJson>::from_json(json)?;
                    <Self as ::core::convert::TryFrom<#other>>::try_from(other).map_err(|error| json.refused(&error))
                });
            } else if meta.path.is_ident("into") {
                // This concerns only what is written.
                text(meta)?;
            } else {
                return Err(meta.error("derive(FromJson) does not know this attribute of a type"));
            }
            Ok(())
        })?;
        Ok(container)
    }
}

impl FieldAttributes {
    pub(crate) fn of(name: String, attributes: &[Attribute]) -> Result<Self> {
        let mut field = FieldAttributes { source: FieldSource::Named(name), default: None };
        each(attributes, |meta| {
            if meta.path.is_ident("rename") {
                field.source = FieldSource::Named(text(meta)?.value());
            } else if meta.path.is_ident("flatten") {
                field.source = FieldSource::Flattened;
            } else if meta.path.is_ident("skip") {
                field.source = FieldSource::Skipped;
            } else if meta.path.is_ident("default") {
                field.default = Some(if meta.input.peek(syn::Token![=]) {
                    let made: Path = text(meta)?.parse()?;
                    quote!(unwrap_or_else(#made))
                } else {
                    quote!(unwrap_or_default())
                });
            } else if meta.path.is_ident("skip_serializing_if") {
                // This concerns only what is written.
                text(meta)?;
            } else {
                return Err(meta.error("derive(FromJson) does not know this attribute of a field"));
            }
            Ok(())
        })?;
        Ok(field)
    }
}

/// Takes each thing that `#[serde(...)]` says.
fn each(attributes: &[Attribute], mut take: impl FnMut(&ParseNestedMeta) -> Result<()>) -> Result<()> {
    let of_serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    of_serde.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(|meta| take(&meta)))
}

fn text(meta: &ParseNestedMeta) -> Result<LitStr> {
    let value: Expr = meta.value()?.parse()?;
    match value {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Ok(text),
        other => Err(syn::Error::new_spanned(other, "expected a text")),
    }
}
