//! Enums: which variant it is, and then what is inside.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, Fields, Result, Variant};

use crate::attributes::Container;
use crate::fields::{named, newtype};

pub(crate) fn enumeration(container: &Container, data: &DataEnum) -> Result<TokenStream> {
    let names: Vec<_> = data.variants.iter().map(|variant| name(container, variant)).collect();
    let inside = data.variants.iter().map(|variant| inside(container, variant)).collect::<Result<Vec<_>>>()?;
    if container.is_untagged {
        return Ok(quote! {
            let attempts: &[::headway_model::read::ReadAs<Self>] = &[#(|json| #inside),*];
            json.first(attempts)
        });
    }
    // The name that was read is one of these, so the last arm needs no number.
    let last = inside.len().saturating_sub(1);
    let numbers = (0..last).map(|number| quote!(#number)).chain([quote!(_)]);
    if let Some(tag) = &container.tag {
        return Ok(quote!(match json.tag(#tag, &[#(#names),*])? { #(#numbers => #inside,)* }));
    }
    let is_unit = |variant: &Variant| matches!(variant.fields, Fields::Unit);
    if data.variants.iter().all(is_unit) {
        return Ok(quote!(match json.word(&[#(#names),*])? { #(#numbers => #inside,)* }));
    }
    let content = data.variants.iter().map(|variant| match is_unit(variant) {
        true => quote!(variant.nothing()?;),
        false => quote!(let json = variant.content()?;),
    });
    Ok(quote! {
        let variant = json.variant(&[#(#names),*])?;
        match variant.number { #(#numbers => { #content #inside })* }
    })
}

/// A variant, read from `json`.
fn inside(container: &Container, variant: &Variant) -> Result<TokenStream> {
    let ident = &variant.ident;
    match &variant.fields {
        Fields::Unit => Ok(quote!(::core::result::Result::Ok(Self::#ident))),
        Fields::Named(fields) => {
            let value = named(container, &quote!(Self::#ident), fields)?;
            Ok(quote!(::core::result::Result::Ok(#value)))
        }
        fields @ Fields::Unnamed(_) => newtype(&quote!(Self::#ident), fields),
    }
}

fn name(container: &Container, variant: &Variant) -> String {
    let name = variant.ident.to_string();
    if !container.is_snake {
        return name;
    }
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
