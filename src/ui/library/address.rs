//! What is shown, as the page's address has it: it can be kept, sent, and gone back to.

use leptos_router::params::ParamsMap;

use crate::model::RelPath;
use crate::model::library::{FolderView, Show, Sort};
use crate::ui::parts::format::query;

/// Rows in a window.
const PAGE: u32 = 100;

/// The view that an address asks for, and what of it cannot be understood.
pub(super) fn view(asked: &ParamsMap, first_library: &str) -> (FolderView, Option<String>) {
    let mut wrong = None;
    let mut view = FolderView {
        library: asked.get("library").unwrap_or_else(|| first_library.to_owned()),
        search: asked.get("search").unwrap_or_default(),
        descending: asked.get("descending").is_some(),
        limit: PAGE,
        ..FolderView::default()
    };
    let mut read = |name: &str, take: &mut dyn FnMut(&str) -> Result<(), String>| {
        if let Some(Err(error)) = asked.get(name).filter(|text| !text.is_empty()).map(|text| take(&text)) {
            wrong = Some(error);
        }
    };
    read("folder", &mut |text| {
        view.folder = text.parse::<RelPath>().map_err(|error| error.to_string())?;
        Ok(())
    });
    read("show", &mut |text| {
        view.show = Show::from_word(text).ok_or_else(|| format!("there is no filter {text:?}"))?;
        Ok(())
    });
    read("sort", &mut |text| {
        view.sort = Sort::from_word(text).ok_or_else(|| format!("there is no order {text:?}"))?;
        Ok(())
    });
    read("after", &mut |text| {
        view.after = Some(text.parse()?);
        Ok(())
    });
    read("before", &mut |text| {
        view.before = Some(text.parse()?);
        Ok(())
    });
    (view, wrong)
}

/// The address of a view.
pub(in crate::ui) fn address(view: &FolderView) -> String {
    let mut address = format!("/?library={}", query(&view.library));
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            address.push_str(&format!("&{name}={}", query(text)));
        }
    };
    add("folder", view.folder.as_str());
    add("search", &view.search);
    add("show", if view.show.is_default() { "" } else { view.show.word() });
    add("sort", if view.sort.is_default() { "" } else { view.sort.word() });
    add("descending", if view.descending { "1" } else { "" });
    add("after", &view.after.as_ref().map(ToString::to_string).unwrap_or_default());
    add("before", &view.before.as_ref().map(ToString::to_string).unwrap_or_default());
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_all_of_what_is_shown() {
        let shown = FolderView {
            library: "my files".into(),
            folder: "a & b/%0A".parse().expect("a path"),
            search: "*.jpg".into(),
            show: Show::Failed,
            sort: Sort::Size,
            descending: true,
            after: Some("1.42.a & b/x".parse().expect("a key")),
            before: None,
            limit: PAGE,
        };
        let address = address(&shown);
        let mut asked = ParamsMap::new();
        for pair in address.trim_start_matches("/?").split('&') {
            let (name, text) = pair.split_once('=').expect("a pair");
            asked.insert(name.to_owned(), decoded(text));
        }
        assert_eq!(view(&asked, "other"), (shown, None));
    }

    fn decoded(text: &str) -> String {
        let mut parts = text.split('%');
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
            bytes.extend(part[2..].bytes());
        }
        String::from_utf8(bytes).expect("a text")
    }

    #[test]
    fn an_address_of_something_else_says_what_is_wrong() {
        let asked = ParamsMap::from_iter([("show", "pink"), ("folder", "..")]);
        let (shown, wrong) = view(&asked, "files");
        assert_eq!((shown.library.as_str(), shown.show), ("files", Show::All));
        assert!(wrong.is_some_and(|text| text.contains("pink") || text.contains("`..`")));
    }
}
