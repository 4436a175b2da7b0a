//! What is inside a struct or a variant.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Fields, FieldsNamed, Result};

use crate::attributes::{Container, FieldAttributes, FieldSource};

/// A struct with named fields.
pub(crate) fn structure(container: &Container, fields: &FieldsNamed) -> Result<TokenStream> {
    let default = container.has_defaults.then(|| quote!(let default = <Self as ::core::default::Default>::default();));
    let inside = named(container, &quote!(Self), fields)?;
    Ok(quote!(#default ::core::result::Result::Ok(#inside)))
}

/// A struct or variant with one field without a name.
pub(crate) fn newtype(made: &TokenStream, fields: &Fields) -> Result<TokenStream> {
    if fields.len() != 1 {
        return Err(Error::new_spanned(
            fields,
            "derive(FromJson) reads one field without a name, or fields with names",
        ));
    }
    Ok(quote!(::headway_model::read::FromJson::from_json(json).map(#made)))
}

/// Named fields, each read from the object `json`.
pub(crate) fn named(container: &Container, made: &TokenStream, fields: &FieldsNamed) -> Result<TokenStream> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let FieldAttributes { source, default } = FieldAttributes::of(ident.to_string(), &field.attrs)?;
        let value = match source {
            FieldSource::Skipped => quote!(::core::default::Default::default()),
            FieldSource::Flattened => quote!(::headway_model::read::FromJson::from_json(json)?),
            FieldSource::Named(name) => {
                let value = match default {
                    Some(default) => quote!(json.find(#name)?.#default),
                    None if container.has_defaults => quote!(json.find(#name)?.unwrap_or(default.#ident)),
                    None => quote!(json.field(#name)?),
                };
                names.push(name);
                value
            }
        };
        values.push(quote!(#ident: #value));
    }
    let closed = container.is_closed.then(|| quote!(json.only(&[#(#names),*])?;));
    // An object without any field that is read is still to be an object.
    let object = names.is_empty().then(|| quote!(json.object()?;));
    Ok(quote!({ #closed #object #made { #(#values),* } }))
}
