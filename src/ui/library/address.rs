//! Converts a view to and from the page's address, so that it can be bookmarked, sent, and returned to.

use super::ROWS_PER_WINDOW;
use crate::base::to;
use crate::ui::nav::AddressQuery;
use crate::ui::parts::format::query;
use headway_model::RelPath;
use headway_model::library::{FolderView, InvalidRowKey, OutcomeFilter, Sort};

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestedView {
    pub(super) view: FolderView,
    /// A message about a part that cannot be understood.
    pub(super) wrong: Option<String>,
    /// Why its folder is invalid; then the address names nothing, and the view is not what was asked for.
    pub(super) no_folder: Option<String>,
}

/// What a query asks for.
pub(super) fn requested_view(query: &AddressQuery, first_library: &str) -> RequestedView {
    let asked = |name: &str| query.get(name);
    let (mut wrong, mut no_folder) = (None, None);
    let mut view = FolderView {
        library: asked("library").unwrap_or_else(|| first_library.to_owned()),
        search: asked("search").unwrap_or_default(),
        descending: asked("descending").is_some(),
        limit: ROWS_PER_WINDOW,
        ..FolderView::default()
    };
    let mut read = |name: &str, take: &mut dyn FnMut(&str) -> Result<(), String>| {
        if let Some(Err(error)) = asked(name).filter(|text| !text.is_empty()).map(|text| take(&text)) {
            wrong = Some(error);
        }
    };
    read("folder", &mut |text| {
        match text.parse::<RelPath>() {
            Ok(folder) => view.folder = folder,
            Err(error) => no_folder = Some(error.to_string()),
        }
        Ok(())
    });
    read("show", &mut |text| {
        view.show = OutcomeFilter::from_word(text).ok_or_else(|| format!("there is no filter {text:?}"))?;
        Ok(())
    });
    read("sort", &mut |text| {
        view.sort = Sort::from_word(text).ok_or_else(|| format!("there is no order {text:?}"))?;
        Ok(())
    });
    read("after", &mut |text| {
        view.after = Some(text.parse().map_err(|error: InvalidRowKey| error.to_string())?);
        Ok(())
    });
    read("before", &mut |text| {
        view.before = Some(text.parse().map_err(|error: InvalidRowKey| error.to_string())?);
        Ok(())
    });
    RequestedView { view, wrong, no_folder }
}

/// The address of a view.
pub(in crate::ui) fn address(view: &FolderView) -> String {
    let mut address = to(&format!("/?library={}", query(&view.library)));
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            address.push_str(&format!("&{name}={}", query(text)));
        }
    };
    add("folder", view.folder.as_str());
    add("search", &view.search);
    add("show", view.show.query_value());
    add("sort", view.sort.query_value());
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
            show: OutcomeFilter::Failed,
            sort: Sort::Size,
            descending: true,
            after: Some("1.42.a & b/x".parse().expect("a key")),
            before: None,
            skip: 0,
            limit: ROWS_PER_WINDOW,
        };
        let address = address(&shown);
        let read = requested_view(&AddressQuery::read(address.trim_start_matches('/')), "other");
        assert_eq!(read, RequestedView { view: shown, wrong: None, no_folder: None });
    }

    #[test]
    fn the_query_of_a_form_is_parsed() {
        let RequestedView { view: shown, wrong, .. } =
            requested_view(&AddressQuery::read("?library=files&folder=&search=100%25+a%2Bb&show="), "other");
        assert_eq!((shown.search.as_str(), shown.folder.as_str(), wrong), ("100% a+b", "", None));
    }

    #[test]
    fn an_address_of_something_else_says_what_is_wrong() {
        let read = |text: &str| requested_view(&AddressQuery::read(text), "files");
        let pink = read("show=pink");
        assert_eq!((pink.view.library.as_str(), pink.view.show), ("files", OutcomeFilter::All));
        assert!(pink.no_folder.is_none() && pink.wrong.is_some_and(|text| text.contains("pink")));
        // This does not name the whole library.
        assert!(read("folder=..").no_folder.is_some_and(|text| text.contains("`..`")));
    }
}
