//! `#[derive(FromJson)]`: how the page reads a type. It uses the attributes of `serde`, so that both read the same
//! JSON, and refuses those that it does not know. The generated code only names fields and variants; the parser is in
//! `headway_model::read`.

mod attributes;
mod fields;
mod variants;

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result, parse_macro_input};

use attributes::Container;

/// Implements `headway_model::read::FromJson`.
#[proc_macro_derive(FromJson, attributes(serde))]
pub fn from_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn implementation(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    let (name, container) = (&input.ident, Container::of(&input.attrs)?);
    let body = match (&container.through, &input.data) {
        (Some(through), _) => through.clone(),
        (None, Data::Struct(data)) => match &data.fields {
            Fields::Named(named) => fields::structure(&container, named)?,
            other => fields::newtype(&quote!(Self), other)?,
        },
        (None, Data::Enum(data)) => variants::enumeration(&container, data)?,
        (None, Data::Union(_)) => return Err(syn::Error::new_spanned(name, "a union cannot be read")),
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::headway_model::read::FromJson for #name {
            fn from_json(json: ::headway_model::read::JsonValue<'_>) -> ::core::result::Result<Self, ::headway_model::read::NotRead> {
                #body
            }
        }
    })
}
